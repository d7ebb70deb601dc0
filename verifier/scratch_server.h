// A throwaway server on a writable view of a backup, for as long as a command runs.

#ifndef MYSQL_BACKUP_VERIFIER_SCRATCH_SERVER_H_
#define MYSQL_BACKUP_VERIFIER_SCRATCH_SERVER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace mysql_backup {

struct ScratchServerOptions {
  std::string datadir;    // never written to, unless in_place; locked, shared, meanwhile
  bool in_place = false;  // the server works on the data directory itself
  std::string scratch;    // directory of our own; what bears the name is removed
  std::string socket;     // a link to the server's socket is made here
  std::string server;     // the server program; empty: found by the flavour of the datadir
  std::string user = "mysql";
  std::string options_file;                       // the server's --defaults-file; empty: none
  std::vector<std::string> server_options;        // added to the server's command line
  absl::Duration start_timeout = absl::Hours(1);  // for recovery, and for each start and stop
  std::string setpriv = "/usr/bin/setpriv";
  std::vector<std::string> command;
};

// Lets the server recover the data and shut down cleanly; starts it again with InnoDB read-only, so
// that tables which recovery did not touch are never copied into the scratch directory; runs the
// command; stops the server; removes the scratch directory.
//
// In place, the server is started once, on the data directory itself, and must shut down cleanly
// for this to be OK.
//
// The Status carries the command's exit code when that is not 0; kNo when the server could not
// recover from the data, or died or reported corruption then or while the command ran, with the
// server's own last words; kBusy when another run uses the scratch directory, or retention is
// removing the data directory, which is locked against it meanwhile; kFailed when this host cannot
// check; kLeftBehind when the scratch directory stays.
absl::Status RunScratchServer(const ScratchServerOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_VERIFIER_SCRATCH_SERVER_H_
