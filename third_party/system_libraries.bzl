"""Debian's C and C++ libraries as static archives.

The headers need no flags: they lie in /usr/include, where the compiler looks anyway and keeps quiet
about warnings. Archives are named by file (`-l:libglog.a`), so that the linker searches its own
directories, whatever the architecture, and can never take the shared library beside it. A tool then
runs on a host that has none of these packages.
"""

_LIBRARIES = {
    # target: (Debian package, archives in link order, preprocessor definitions, targets below it)
    "gflags": ("libgflags-dev", ["libgflags.a"], [], []),
    # Debian builds glog with the custom prefix, and its header hides the API without the definition.
    "glog": (
        "libgoogle-glog-dev",
        ["libglog.a"],
        ["GLOG_CUSTOM_PREFIX_SUPPORT"],
        ["gflags", "@//third_party:unwind_by_libgcc"],
    ),
    "json": ("nlohmann-json3-dev", [], [], []),
    "mariadb_client": ("libmariadb-dev", ["libmariadb.a"], [], ["ssl", "zstd", "z"]),
    "ssl": ("libssl-dev", ["libssl.a", "libcrypto.a"], [], []),
    "z": ("zlib1g-dev", ["libz.a"], [], []),
    "zstd": ("libzstd-dev", ["libzstd.a"], [], []),
    "xxhash": ("libxxhash-dev", ["libxxhash.a"], [], []),
    "gtest": ("libgmock-dev", ["libgmock.a", "libgtest.a"], [], []),
    "gtest_main": ("libgmock-dev", ["libgmock_main.a"], [], ["gtest"]),
}

_HEADER = """\
# Written by //third_party:system_libraries.bzl.
package(default_visibility = ["@//third_party:__pkg__"])
"""

_LIBRARY = """
cc_library(
    name = "{name}",
    defines = {defines},
    linkopts = {linkopts},
    deps = {deps},
)
"""

def _locate(ctx, compiler, archive, package):
    """Returns the path where the compiler finds the archive; fails with the remedy if nowhere."""
    result = ctx.execute([compiler, "-print-file-name=" + archive])
    path = result.stdout.strip()
    if result.return_code != 0 or not path.startswith("/"):
        fail("%s is missing (Debian package %s). Install what a build needs: %s" %
             (archive, package, "scripts/setup.sh --for=build"))
    return ctx.path(path)

def _system_libraries_impl(ctx):
    compiler = ctx.os.environ.get("CC", "gcc")
    build = _HEADER

    # The set of abseil's archives changes with each of its releases, and their order matters; so all
    # of them are offered to the linker as one group, from which it takes only what is used.
    directory = _locate(ctx, compiler, "libabsl_base.a", "libabsl-dev").dirname
    names = sorted([
        entry.basename
        for entry in directory.readdir()
        if entry.basename.startswith("libabsl_") and entry.basename.endswith(".a")
    ])
    linkopts = ["-Wl,--start-group"] + ["-l:" + name for name in names] + ["-Wl,--end-group"]
    build += _LIBRARY.format(name = "absl", defines = [], linkopts = linkopts, deps = [])

    for name, (package, archives, defines, deps) in _LIBRARIES.items():
        for archive in archives:
            _locate(ctx, compiler, archive, package)
        build += _LIBRARY.format(
            name = name,
            defines = defines,
            linkopts = ["-l:" + archive for archive in archives],
            deps = [dep if "//" in dep else ":" + dep for dep in deps],
        )
    ctx.file("BUILD.bazel", build)

system_libraries = repository_rule(
    implementation = _system_libraries_impl,
    # Looked up again whenever a Bazel server starts: packages come and go outside Bazel's sight.
    local = True,
    environ = ["CC"],
    doc = "Finds the static archives of Debian's packages and makes one cc_library for each.",
)
