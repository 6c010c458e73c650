"""The .NET package, of which only the SDK knows whether it can be built: every file that it names is there, or is made
by CMake where it is looked for, and it has one version with the rest."""

import re
import xml.etree.ElementTree as ET
from fnmatch import fnmatch

import pytest
from repository import project_files, read
from test_links import resolve

HOME = "bindings/csharp/"
PROJECT = HOME + "Duetime.csproj"
TESTS = HOME + "tests/Duetime.Tests.csproj"
PACKAGE = HOME + "Duetime.nuspec"

project = ET.fromstring(read(PROJECT))
package = ET.fromstring(read(PACKAGE).split("?>", 1)[1])
NAMESPACE = {"n": "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"}

# What CMake makes below build/bindings/bindings/csharp/, and the words of CMakeLists.txt that say so.
MADE_BY_CMAKE = {
    "generated/*.cs": "${CMAKE_CURRENT_BINARY_DIR}/generated)",
    "runtimes/linux-x64/native/libduetimecs.so": "${CMAKE_CURRENT_BINARY_DIR}/runtimes/linux-x64/native\n",
}


def text_of(element: str) -> str:
    return project.findtext(f"PropertyGroup/{element}") or ""


def properties() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text_of("NuspecProperties").split(";"))


def contents() -> list[tuple[str, str]]:
    """What the package is made of: where it goes and where it comes from."""
    return [(file.attrib["target"], file.attrib["src"]) for file in package.iterfind("n:files/n:file", NAMESPACE)]


def is_there(pattern: str) -> bool:
    wanted = str(resolve(PROJECT, pattern))
    return any(fnmatch(name, wanted) for name in project_files())


@pytest.mark.parametrize("include", [item.attrib["Include"] for item in project.iterfind("ItemGroup/*")])
def test_what_the_project_includes_is_there_or_made(include):
    made = include.removeprefix("$(DuetimeCMake)")
    assert is_there(include) if made == include else MADE_BY_CMAKE[made] in read(HOME + "CMakeLists.txt")


@pytest.mark.parametrize("source", [source for _, source in contents()])
def test_what_the_package_holds_is_there_or_made(source):
    token, _, rest = source.rpartition("$")
    if not token:
        assert is_there(source)
    elif token == "$cmake":
        assert MADE_BY_CMAKE[rest] in read(HOME + "CMakeLists.txt")
    else:
        assert (token, rest) in {("$bin", "/Duetime.dll"), ("$bin", "/Duetime.xml")}


def test_the_package_has_the_layout_that_nuget_expects():
    framework = text_of("TargetFramework")
    placed = {(target, source.rpartition("/")[2]) for target, source in contents()}
    assert framework == "netstandard2.0"
    assert placed >= {
        (f"lib/{framework}", "Duetime.dll"),
        (f"lib/{framework}", "Duetime.xml"),
        ("runtimes/linux-x64/native", "libduetimecs.so"),
    }


def test_every_token_of_the_package_has_a_value():
    assert text_of("NuspecFile") == "Duetime.nuspec"
    assert set(re.findall(r"\$(\w+)\$", read(PACKAGE))) == set(properties())


def test_the_versions_agree():
    cmake = re.search(r"project\(duetime VERSION (\S+)", read("CMakeLists.txt"))
    assert cmake
    assert text_of("Version") == cmake[1]
    assert properties()["version"] == "$(Version)"
    assert package.findtext("n:metadata/n:version", namespaces=NAMESPACE) == "$version$"


def test_what_the_package_says_of_itself_is_true():
    assert package.findtext("n:metadata/n:license", namespaces=NAMESPACE) == "MIT"
    assert read("LICENSE").startswith("MIT License")
    assert package.findtext("n:metadata/n:readme", namespaces=NAMESPACE) in [target for target, _ in contents()]


def test_the_tests_are_of_this_project():
    references = [item.attrib["Include"] for item in ET.fromstring(read(TESTS)).iterfind("ItemGroup/ProjectReference")]
    assert [str(resolve(TESTS, reference)) for reference in references] == [PROJECT]
