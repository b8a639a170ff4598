//! What is a circle among the files of a small crate, and what is none.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// Writes a crate, and gives back its circles as the names of files.
fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "countersign-shape-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let folder: PathBuf = std::env::temp_dir().join(name);
    for (name, text) in files {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let source = Source::read("small", &folder, &folder.join("lib.rs")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let shown = |path: &&Path| path.display().to_string();
    find(&source).iter().map(|circle| circle.iter().map(shown).collect()).collect()
}

const NONE: [[&str; 0]; 0] = [];

#[test]
fn files_that_import_one_another_are_a_circle() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "use super::a; pub struct B; fn f(_: a::A) {}"),
        ("c.rs", "use crate::a::A;"),
    ]);
    assert_eq!(found, [["a.rs", "b.rs"]]);
}

#[test]
fn a_circle_may_go_through_a_third_file_a_path_and_a_macro() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "pub fn f() { crate::b::f(); }"),
        ("b.rs", "pub fn f() { println!(\"{}\", crate::c::f()); }"),
        ("c.rs", "pub fn f() { use crate::a::f; f(); }"),
    ]);
    assert_eq!(found, [["a.rs", "b.rs", "c.rs"]]);
}

#[test]
fn a_reexport_is_followed_to_the_file_that_defines_the_item() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b; pub use a::A; use b::B;"),
        ("a.rs", "use super::B; pub struct A(B);"),
        ("b.rs", "use crate::A; pub struct B;"),
    ]);
    assert_eq!(found, [["a.rs", "b.rs"]]);
}

#[test]
fn to_declare_and_pass_on_what_a_child_defines_is_no_circle() {
    let found = circles(&[
        ("lib.rs", "mod a; pub use a::*; pub(crate) struct Own;"),
        ("a.rs", "mod deeper; pub use deeper::Deep; use crate::Own; pub struct A(Own);"),
        ("a/deeper.rs", "use super::A; pub struct Deep(A);"),
    ]);
    assert_eq!(found, NONE);
}

#[test]
fn a_module_and_its_child_that_use_one_another_are_a_circle() {
    let found = circles(&[
        ("lib.rs", "mod a; pub struct Own; fn f() { a::f(); }"),
        ("a.rs", "pub fn f(_: super::Own) {}"),
    ]);
    assert_eq!(found, [["a.rs", "lib.rs"]]);
}

#[test]
fn tests_make_no_circle() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "pub struct A; #[cfg(test)] use crate::b::B; #[cfg(test)] mod tests { use crate::b::B; }",
        ),
        ("b.rs", "use crate::a::A; pub struct B(A);"),
    ]);
    assert_eq!(found, NONE);
}

#[test]
fn another_crate_of_a_modules_name_is_no_file() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use b; pub fn f() { b::g(); }"),
        ("b.rs", "use crate::a; pub fn g() { a::f(); }"),
    ]);
    assert_eq!(found, NONE);
}
