//! A certificate of our own, for a network without a name: browsers warn of it once, and whoever compares its
//! fingerprint knows that nobody stands between.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};

use crate::net::CertificateFiles;

/// Apple's systems take no certificate that lasts longer than 825 days (support.apple.com/103769).
const DAYS: i64 = 800;

/// So long before its end another is made.
const SPARE_DAYS: i64 = 60;

/// The lines above the certificate, in the same file: PEM allows them (RFC 7468, section 2).
const NAMES: &str = "Names: ";
const END: &str = "Ends: ";

/// The certificate in `folder`, made anew if there is none for `names` that lasts. The key stays the same.
pub(super) fn own(folder: &Path, names: &[String]) -> io::Result<CertificateFiles> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    own_on(folder, names, today)
}

/// Where it is in `folder`, or will be.
pub(super) fn files(folder: &Path) -> CertificateFiles {
    CertificateFiles { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") }
}

fn own_on(folder: &Path, names: &[String], today: Date) -> io::Result<CertificateFiles> {
    std::fs::create_dir_all(folder)?;
    let files = files(folder);
    let key = match std::fs::read_to_string(&files.key) {
        Ok(pem) => KeyPair::from_pem(&pem).map_err(invalid)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = KeyPair::generate().map_err(io::Error::other)?;
            put(folder, &files.key, key.serialize_pem().as_bytes())?;
            key
        }
        Err(error) => return Err(error),
    };
    let names_line = format!("{NAMES}{}", names.join(" "));
    let spare = today.saturating_add(SPARE_DAYS.days()).to_string();
    let lasts = std::fs::read_to_string(&files.certificate).is_ok_and(|text| {
        text.lines().any(|line| line == names_line)
            // Dates of this form are in order as text is.
            && text.lines().any(|line| line.strip_prefix(END).is_some_and(|end| *end > *spare))
    });
    if !lasts {
        let end = today.saturating_add(DAYS.days());
        let pem = sign(&key, names, today, end).map_err(io::Error::other)?;
        put(folder, &files.certificate, format!("{names_line}\n{END}{end}\n{pem}").as_bytes())?;
    }
    Ok(files)
}

fn sign(key: &KeyPair, names: &[String], today: Date, end: Date) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, names.first().map_or("chatd", String::as_str));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let start_of = |day: Date| date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs());
    // Who connects may be in another time zone, or have a clock that is behind.
    params.not_before = start_of(today.saturating_sub(1.day()));
    params.not_after = start_of(end);
    Ok(params.self_signed(key)?.pem())
}

fn invalid(error: rcgen::Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

/// Written aside and renamed, so that a power cut leaves a whole file or none.
fn put(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&aside)?;
    file.write_all(bytes).and_then(|()| file.sync_all())?;
    std::fs::rename(&aside, path)?;
    File::open(folder).and_then(|folder| folder.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use jiff::civil::date;

    use super::*;
    use crate::net::Tls;

    #[test]
    fn a_certificate_stays_until_it_ends_soon_or_the_names_change_and_the_key_stays_always() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("tls");
        let names = ["pi.local".to_owned(), "127.0.0.1".to_owned()];
        let made = |names: &[String], today| {
            let files = own_on(&folder, names, today).unwrap();
            assert_eq!(std::fs::metadata(&files.key).unwrap().permissions().mode() & 0o777, 0o600);
            let key = std::fs::read(&files.key).unwrap();
            (Tls::load(files).unwrap().fingerprint(), key)
        };
        let (first, key) = made(&names, date(2026, 1, 31));
        let files = files(&folder);
        let ends = crate::model::Timestamp::parse("2028-04-10T00:00:00Z");
        assert!(ends.is_some() && files.ends() == ends && Tls::load(files).unwrap().ends() == ends);
        assert_eq!(made(&names, date(2028, 2, 9)), (first.clone(), key.clone()), "739 days later");
        let (later, same_key) = made(&names, date(2028, 2, 10));
        assert!(later != first && same_key == key);
        let (renamed, same_key) = made(&names[..1], date(2028, 2, 10));
        assert!(renamed != later && same_key == key);
    }

    #[test]
    fn a_key_that_is_none_is_told_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key.pem"), "my shopping list").unwrap();
        let error = own(folder.path(), &["pi.local".to_owned()]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(std::fs::read(folder.path().join("key.pem")).unwrap(), b"my shopping list");
    }
}
