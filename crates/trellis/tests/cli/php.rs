//! `trellis php`. That what it writes builds and passes its tests is tried by `cargo xtask php`.

use crate::trellis;

#[test]
fn a_new_module_gets_a_folder_and_no_second_one() {
    let parent = tempfile::tempdir().expect("a directory");
    let new = |name: &str| {
        let mut command = trellis();
        let output =
            command.args(["php", "new", name, "--dir"]).arg(parent.path()).output().expect("trellis runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let folder = parent.path().join("greeter");
    let (code, printed, notes) = new("greeter");
    assert_eq!((code, printed), (Some(0), format!("{}\n", folder.display())), "{notes}");
    assert!(folder.join("src/lib.rs").is_file() && notes.contains("sh tests/run"), "{notes}");
    let (code, printed, notes) = new("greeter");
    assert_eq!((code, printed.as_str()), (Some(2), ""));
    assert!(notes.contains("greeter") && notes.contains("hint: choose another name"), "{notes}");
    let (code, _, notes) = new("Greeter");
    assert!(code == Some(2) && notes.contains("must begin with a lower-case letter"), "{notes}");
}
