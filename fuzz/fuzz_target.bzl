"""One fuzz target, built in two ways."""

def fuzz_target(name, deps = []):
    """Declares NAME, from NAME.cc, which defines FuzzOne() of //fuzz:fuzz_one.h.

    NAME is the fuzzer: libFuzzer with sanitizers, to be built by clang (scripts/fuzz.sh). It is
    `manual`, since gcc has no libFuzzer. NAME_test is an ordinary test, which runs every input that
    is kept in fuzz/corpus/FOLDER/NAME through the same properties.

    Args:
      name: ends in _fuzz.
      deps: the libraries that are fuzzed.
    """
    corpus = "corpus/%s/%s" % (native.package_name(), name)
    native.cc_binary(
        name = name,
        testonly = True,
        srcs = [name + ".cc"],
        linkopts = ["-fsanitize=fuzzer"],
        tags = [
            "fuzz",
            "manual",
        ],
        deps = deps + [
            "//fuzz:libfuzzer_entry",
            "//third_party:absl",
        ],
    )
    native.cc_test(
        name = name + "_test",
        size = "small",
        srcs = [name + ".cc"],
        args = ["fuzz/" + corpus],
        data = ["//fuzz:" + corpus],
        deps = deps + [
            "//fuzz:replay",
            "//third_party:absl",
        ],
    )
