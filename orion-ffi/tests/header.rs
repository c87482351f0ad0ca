//! `include/orion.h` is what cbindgen makes of the source, and says what the Rust constants say.

use std::path::Path;

fn generated() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is a configuration");
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in ["abi", "v1", "chan"] {
        builder = builder.with_src(root.join(format!("src/{source}.rs")));
    }
    let mut header = Vec::new();
    builder.generate().expect("the source can be described in C").write(&mut header);
    String::from_utf8(header).expect("a header is text")
}

#[test]
fn header_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/orion.h");
    let fresh = generated();
    if std::env::var_os("ORION_BLESS").is_some() {
        std::fs::write(&path, &fresh).expect("the header can be written");
    }
    let committed = std::fs::read_to_string(&path).expect("include/orion.h is there");
    assert!(
        committed.replace("\r\n", "\n") == fresh,
        "include/orion.h differs from the source: ORION_BLESS=1 cargo test -p orion-ffi --test header"
    );
}

#[test]
fn the_status_codes_of_the_header_are_those_of_the_library() {
    let header = generated();
    let codes = [
        ("ORION_OK", orion_ffi::ORION_OK),
        ("ORION_PENDING", orion_ffi::ORION_PENDING),
        ("ORION_CLOSED", orion_ffi::ORION_CLOSED),
        ("ORION_CANCELLED", orion_ffi::ORION_CANCELLED),
        ("ORION_EMPTY", orion_ffi::ORION_EMPTY),
        ("ORION_FULL", orion_ffi::ORION_FULL),
        ("ORION_ELAPSED", orion_ffi::ORION_ELAPSED),
        ("ORION_INVALID", orion_ffi::ORION_INVALID),
        ("ORION_PANICKED", orion_ffi::ORION_PANICKED),
        ("ORION_DEADLOCK", orion_ffi::ORION_DEADLOCK),
    ];
    for (name, value) in codes {
        assert!(header.contains(&format!("    {name} = {value}")), "{name}");
    }
}

#[test]
fn every_function_has_a_comment() {
    let header = generated();
    let lines: Vec<_> = header.lines().collect();
    let mut functions = 0;
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" orion_") && line.contains('(')) {
        if !line.starts_with(' ') {
            functions += 1;
            assert!(lines[number - 1].starts_with("//"), "no comment before: {line}");
        }
    }
    assert!(functions >= 19, "{functions} functions");
}
