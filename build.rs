//! Compresses the OpenAPI document and the files of the page `/docs/`, ours and Swagger UI's, into the program: a request for one of
//! them costs neither the work nor a copy, and a start writes none. Writes a table of them for `src/http/docs.rs` to include.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// `(file, path, media type)` of our own files. A test holds the document to what the code says.
const OURS: &[(&str, &str, &str)] = &[
    ("docs/openapi.json", "/openapi.json", "application/json"),
    ("src/http/docs/index.html", "/docs/", "text/html; charset=utf-8"),
    (
        "src/http/docs/start.js",
        "/docs/start.js",
        "text/javascript; charset=utf-8",
    ),
];

/// `(name under /docs/, media type)` of those of Swagger UI's distribution that the page needs.
const SWAGGER_UI: &[(&str, &str)] = &[
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("favicon-32x32.png", "image/png"),
];

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script in the environment where to write"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    let mut table = String::from("[");
    for (file, path, media_type) in OURS {
        println!("cargo::rerun-if-changed={file}");
        add(&mut table, out, path, media_type, &fs::read(file)?)?;
    }
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for (name, media_type) in SWAGGER_UI {
        let bytes = distributed(&mut archive, name)?;
        add(&mut table, out, &format!("/docs/{name}"), media_type, &bytes)?;
    }
    table.push(']');
    fs::write(out.join("docs.rs"), table)?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// A file of the folder `dist` that stands in the only top folder of the archive, which is named after the version.
fn distributed(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let is_it = file
            .name()?
            .split_once('/')
            .is_some_and(|(_, path)| path.strip_prefix("dist/") == Some(name));
        if is_it {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
    }
    Err(format!("Swagger UI has no {name}").into())
}

/// Writes the file, as it is and where that is worth it compressed, and its row of the table.
fn add(
    table: &mut String,
    out: &Path,
    path: &str,
    media_type: &str,
    bytes: &[u8],
) -> Result<(), Box<dyn Error>> {
    let name = path.replace('/', "_");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    let compressed = encoder.finish()?;
    fs::write(out.join(&name), bytes)?;
    let hash: String = Sha256::digest(bytes)[..16]
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing into a String does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
    let mut gzip = "None".to_owned();
    if compressed.len() < bytes.len() {
        fs::write(out.join(format!("{name}.gz")), compressed)?;
        gzip = format!("Some(include_bytes!(\"{name}.gz\"))");
    }
    writeln!(
        table,
        "File {{ path: {path:?}, media_type: {media_type:?}, plain: include_bytes!({name:?}), gzip: {gzip}, hash: {hash:?} }},"
    )?;
    Ok(())
}
