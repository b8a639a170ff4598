//! The component's pure parts.

use super::*;

fn package(folder: &str, is_foreign: bool) -> Package {
    Package { name: "x".to_owned(), version: "1.0.0".to_owned(), folder: folder.into(), is_foreign }
}

#[test]
fn every_folder_of_this_machine_gets_a_name_of_its_own_once() {
    let packages = [
        package("/home/me/registry/a-1.0.0", true),
        package("/home/me/registry/b-1.0.0", true),
        package("/project/crates/core", false),
    ];
    let remappings = remappings(Path::new("/project"), Path::new("/sysroot"), "abc", &packages);
    let expected = [
        ("/project", "/countersign"),
        ("/sysroot/lib/rustlib/src/rust", "/rustc/abc"),
        ("/home/me/registry", "/crates"),
    ];
    assert_eq!(remappings, expected.map(|(from, to)| (PathBuf::from(from), to.to_owned())));
}

#[test]
fn vendored_crates_are_named_after_the_root_so_that_they_win() {
    let remappings = remappings(
        Path::new("/project"),
        Path::new("/s"),
        "abc",
        &[package("/project/vendor/a", true)],
    );
    assert_eq!(remappings.last().unwrap().0, Path::new("/project/vendor"));
}

#[test]
fn the_compilers_commit_is_read() {
    let version =
        "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\ncommit-hash: 59807616e1\nhost: x\n";
    assert_eq!(parse_commit(version), Some("59807616e1"));
    assert_eq!(parse_commit("rustc 1.95.0\n"), None);
}

#[test]
fn a_digest_is_hexadecimal() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256(b"abc"), expected);
}

#[test]
fn what_is_no_module_is_refused() {
    assert!(encode(b"not wasm").is_err());
}

#[test]
fn an_unchanged_file_is_not_written_again() {
    let folder = std::env::temp_dir().join(format!("countersign-xtask-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("a.wasm");
    write_if_changed(&file, b"one").unwrap();
    let written = std::fs::metadata(&file).unwrap().modified().unwrap();
    write_if_changed(&file, b"one").unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), written);
    write_if_changed(&file, b"two").unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"two");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn names_for_debugging_are_left_out_and_nothing_else() {
    let header = b"\0asm\x0d\0\x01\0".as_slice();
    let custom = |name: &str, content: &[u8]| {
        let content = [&[u8::try_from(name.len()).unwrap()], name.as_bytes(), content].concat();
        [&[0, u8::try_from(content.len()).unwrap()], content.as_slice()].concat()
    };
    let (names, others) = (custom("component-name", b"engine"), custom("producers", b"rustc"));
    let imports = [10, 1, 0].as_slice();
    let whole = [header, &names, imports, &others, &names].concat();
    assert_eq!(without_names(&whole).unwrap(), [header, imports, &others].concat());
    without_names(&whole[..whole.len() - 1]).unwrap_err();
    without_names(b"\0asm").unwrap_err();
}
