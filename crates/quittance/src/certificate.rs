//! The certificate that the server shows: the operator's own, or one that is made for trials.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use web::Tls;

use crate::cli::TlsArgs;
use crate::data_dir::DataDir;
use crate::output::{Failure, say};

const CERTIFICATE: &str = "tls-certificate.pem";
const KEY: &str = "tls-key.pem";
/// The names by which a machine reaches itself.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// `None` where nothing is to be encrypted.
///
/// # Errors
/// `serve.tls` with what is wrong with the files.
pub(crate) fn chosen(data: &DataDir, args: &TlsArgs) -> Result<Option<Tls>, Failure> {
    let files = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
        _ if args.tls_self_signed => Some(self_signed(data.root())?),
        _ => None,
    };
    let Some((certificate, key)) = files else { return Ok(None) };
    let tls = Tls::from_pem(&read(&certificate)?, &read(&key)?).map_err(|error| refuse(error.to_string()))?;
    Ok(Some(tls))
}

fn refuse(message: String) -> Failure {
    Failure::new("serve.tls", message)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| refuse(format!("cannot read {}: {error}", path.display())))
}

/// Made once, so that clients that were told to trust it still do after a restart.
fn self_signed(root: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    let (certificate, key) = (root.join(CERTIFICATE), root.join(KEY));
    if !(certificate.exists() && key.exists()) {
        let names = NAMES.map(str::to_owned).to_vec();
        let made = generate_simple_self_signed(names).map_err(|error| refuse(error.to_string()))?;
        let CertifiedKey { cert, signing_key } = made;
        write_secret(&key, &signing_key.serialize_pem())?;
        fs::write(&certificate, cert.pem())
            .map_err(|error| refuse(format!("cannot write {}: {error}", certificate.display())))?;
    }
    say(format!("clients have to trust {}", certificate.display()));
    Ok((certificate, key))
}

/// Readable by its owner only.
fn write_secret(path: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let written = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| refuse(format!("cannot write {}: {error}", path.display())))
}
