"""A user's project builds and runs with what is installed: by CMake and by pkg-config, in C and in C++, from a tree
that was moved and from the Debian packages."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "package"  # of the preset of that name: tests/run package
CONSUMER = Path(__file__).parent / "consumer"


def run(*command: object, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


def library_directory(prefix: Path) -> Path:
    (library,) = prefix.rglob("libduetime.so")
    return library.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix that is not the one it was installed to."""
    directory = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", BUILD, "--prefix", directory / "first")
    return (directory / "first").rename(directory / "moved")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("packages")
    run("cpack", "-G", "DEB", "-B", directory, cwd=BUILD)
    return {package.name.split("_")[0]: package for package in directory.glob("*.deb")}


@pytest.fixture(scope="module")
def unpacked(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    for package in packages.values():
        run("dpkg-deb", "-x", package, root)
    return root / "usr"


def build_by_cmake(prefix: Path, directory: Path) -> list[Path]:
    run("cmake", "-S", CONSUMER, "-B", directory, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", directory)
    return [directory / "consumer_c", directory / "consumer_cpp"]


def build_by_pkg_config(prefix: Path, directory: Path) -> list[Path]:
    env = {"PKG_CONFIG_PATH": str(library_directory(prefix) / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "duetime", env=env).split()
    strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-Wl,-rpath,{library_directory(prefix)}"]
    run("cc", "-std=c99", *strict, CONSUMER / "consumer.c", *flags, "-o", directory / "consumer_c")
    run("c++", "-std=c++17", *strict, CONSUMER / "consumer.cpp", *flags, "-o", directory / "consumer_cpp")
    return [directory / "consumer_c", directory / "consumer_cpp"]


@pytest.mark.parametrize("build", [build_by_cmake, build_by_pkg_config])
@pytest.mark.parametrize("source", ["installed", "unpacked"])
def test_programs_build_and_run(
    source: str, build: Callable[[Path, Path], list[Path]], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    prefix = request.getfixturevalue(source)
    for program in build(prefix, tmp_path):
        assert run(program) == f"duetime {version()}: 1 run\n"
        loaded = next(line for line in run("ldd", program).splitlines() if "libduetime" in line)
        assert str(prefix) in loaded


def version() -> str:
    found = re.search(r"project\(duetime VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
    assert found
    return found[1]


def test_cmake_is_told_of_a_version_that_does_not_fit(installed: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(CONSUMER, project)
    text = (project / "CMakeLists.txt").read_text()
    (project / "CMakeLists.txt").write_text(text.replace("duetime 0.1 ", "duetime 9.9 "))
    with pytest.raises(AssertionError, match="compatible with requested"):
        run("cmake", "-S", project, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={installed}")


def test_nothing_that_is_installed_knows_where(installed: Path) -> None:
    for file in installed.rglob("*"):
        if file.suffix in {".cmake", ".pc"}:
            text = file.read_text()
            assert str(ROOT) not in text, file
            assert str(installed.parent) not in text, file


def test_headers_are_those_of_the_tree(installed: Path) -> None:
    headers = {file.name for file in (ROOT / "capi/include/duetime").iterdir() if file.suffix in {".h", ".hpp"}}
    assert {file.name for file in (installed / "include/duetime").iterdir()} == headers


def fields(package: Path) -> dict[str, str]:
    """Without the lines that continue one."""
    return dict(re.findall(r"^(\S+): (.*)$", run("dpkg-deb", "--field", package), re.MULTILINE))


def contents(package: Path) -> set[str]:
    return {line.split()[5].removeprefix("./") for line in run("dpkg-deb", "--contents", package).splitlines()}


def test_debian_has_a_library_and_its_development_files(packages: dict[str, Path]) -> None:
    assert set(packages) == {"libduetime0", "libduetime-dev"}
    library, development = fields(packages["libduetime0"]), fields(packages["libduetime-dev"])
    assert (library["Section"], development["Section"]) == ("libs", "libdevel")
    assert re.search(r"libc6 \(>= [\d.]+\).*libstdc\+\+6 \(>= [\d.]+\)", library["Depends"])
    assert development["Depends"] == f"libduetime0 (= {version()})"
    for package in (library, development):
        assert package["Version"] == version()
        assert package["Description"].startswith("persistent job scheduler with a stable C ABI")


def test_debian_packages_hold_what_is_theirs(packages: dict[str, Path]) -> None:
    library, development = contents(packages["libduetime0"]), contents(packages["libduetime-dev"])
    assert any(re.fullmatch(r"usr/lib/[^/]+/libduetime\.so\.0", name) for name in library)
    assert not any(name.endswith((".h", ".so", ".cmake", ".pc")) for name in library)
    assert {"usr/include/duetime/duetime.h", "usr/include/duetime/duetime.hpp"} <= development
    assert any(re.fullmatch(r"usr/lib/[^/]+/libduetime\.so", name) for name in development)
    for package, names in (("libduetime0", library), ("libduetime-dev", development)):
        assert f"usr/share/doc/{package}/copyright" in names


def test_debian_knows_who_needs_the_library(packages: dict[str, Path], tmp_path: Path) -> None:
    run("dpkg-deb", "-e", packages["libduetime0"], tmp_path)
    assert (tmp_path / "shlibs").read_text().startswith("libduetime 0 libduetime0")
    assert "activate-noawait ldconfig" in (tmp_path / "triggers").read_text()
    (tmp_path / "root").mkdir()
    run("dpkg-deb", "-x", packages["libduetime0"], tmp_path / "root")
    (library,) = (path for path in tmp_path.rglob("libduetime.so.0.*") if not path.is_symlink())
    assert ".debug_info" not in run("readelf", "--sections", library)
