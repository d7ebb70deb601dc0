#include "base/status.h"

#include "absl/strings/str_cat.h"

namespace mysql_backup {

absl::Status ErrnoError(absl::string_view what, int error_number) {
  // What a disk or a filesystem has lost; bad media are ENODATA to the block layer.
  for (const int lost : {EIO, EUCLEAN, EBADMSG, ENODATA}) {
    if (error_number != lost) continue;
    const absl::Status status = absl::ErrnoToStatus(error_number, absl::StrCat("cannot ", what));
    return absl::DataLossError(status.message());
  }
  return absl::ErrnoToStatus(error_number, absl::StrCat("cannot ", what));
}

absl::Status Annotate(const absl::Status& status, absl::string_view addition) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(status.message(), addition));
  status.ForEachPayload([&annotated](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

}  // namespace mysql_backup
