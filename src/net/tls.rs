//! TLS 1.3 (RFC 8446): a certificate that can be changed while it serves, and what a connection does with it. The
//! protocol is rustls's; sockets and deadlines are ours.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use hmac_sha256::Hash;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use yasna::{BERReader, Tag, tags};

use crate::model::Timestamp;

/// What a TLS connection begins with: the type of a handshake record. No method of HTTP does.
pub(super) const FIRST_BYTE: u8 = 0x16;

/// Sealed bytes that wait for the socket in a connection, at most: four records.
const SEALED_BYTES: usize = 64 * 1024;

/// Where a certificate is: PEM files, the certificate's with the chain up to a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, and those that it rests on.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A certificate, as new connections get it.
pub struct Tls {
    files: CertificateFiles,
    current: RwLock<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    fingerprint: String,
    ends: Option<Timestamp>,
}

impl CertificateFiles {
    /// When the certificate ends, if it can be read.
    pub fn ends(&self) -> Option<Timestamp> {
        let pem = std::fs::read(&self.certificate).ok()?;
        ends(&CertificateDer::pem_slice_iter(&pem).next()?.ok()?)
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// A sentence that says which file is wrong, and how.
    pub fn load(files: CertificateFiles) -> Result<Self, String> {
        let current = RwLock::new(read(&files)?);
        Ok(Self { files, current })
    }

    /// Reads the files again. Connections that are open keep what they have.
    ///
    /// # Errors
    /// As [`Tls::load`]; the certificate in use stays.
    pub fn reload(&self) -> Result<(), String> {
        let current = read(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(())
    }

    /// The certificate's SHA-256 as browsers show it, to be compared: `AB:CD:…`.
    pub fn fingerprint(&self) -> String {
        self.current.read().unwrap_or_else(PoisonError::into_inner).fingerprint.clone()
    }

    /// When the certificate ends, if that can be told.
    pub fn ends(&self) -> Option<Timestamp> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).ends
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).config)
    }
}

fn read(files: &CertificateFiles) -> Result<Current, String> {
    let wrong = |path: &PathBuf, why: &dyn std::fmt::Display| format!("{} cannot be used: {why}", path.display());
    let pem = std::fs::read(&files.certificate).map_err(|error| wrong(&files.certificate, &error))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|error| wrong(&files.certificate, &error))?;
    let first = chain.first().ok_or_else(|| wrong(&files.certificate, &"there is no certificate in it"))?;
    let (fingerprint, ends) = (fingerprint(first), ends(first));
    let pem = std::fs::read(&files.key).map_err(|error| wrong(&files.key, &error))?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| wrong(&files.key, &error))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]).map_err(|error| error.to_string())?;
    // This also finds out whether the key is the certificate's.
    let config = builder.with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.map_err(|error| wrong(&files.certificate, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Current { config: Arc::new(config), fingerprint, ends })
}

/// The SHA-256 of a certificate as browsers show it.
fn fingerprint(certificate: &[u8]) -> String {
    Hash::hash(certificate).iter().enumerate().fold(String::new(), |mut text, (at, byte)| {
        let _ = write!(text, "{}{byte:02X}", if at == 0 { "" } else { ":" });
        text
    })
}

/// The end of a certificate's validity (RFC 5280, section 4.1).
fn ends(certificate: &[u8]) -> Option<Timestamp> {
    let skip = |reader: BERReader<'_, '_>| reader.read_der().map(drop);
    let moment = |reader: BERReader<'_, '_>| match reader.lookahead_tag()? {
        tags::TAG_UTCTIME => reader.read_utctime().map(|time| time.datetime().unix_timestamp()),
        _ => reader.read_generalized_time().map(|time| time.datetime().unix_timestamp()),
    };
    let end = yasna::parse_der(certificate, |reader| {
        reader.read_sequence(|reader| {
            let end = reader.next().read_sequence(|body| {
                body.read_optional(|version| version.read_tagged(Tag::context(0), skip))?;
                // Serial number, algorithm, issuer.
                for _ in 0..3 {
                    skip(body.next())?;
                }
                let end = body.next().read_sequence(|validity| {
                    skip(validity.next())?;
                    moment(validity.next())
                })?;
                // The rest of it, and of the whole, is none of our business.
                while body.read_optional(skip)?.is_some() {}
                Ok(end)
            })?;
            while reader.read_optional(skip)?.is_some() {}
            Ok(end)
        })
    });
    end.ok()?.checked_mul(1000).map(Timestamp)
}

/// A connection's protocol. Whoever reads waits for the socket without its lock, so writing never waits for reading.
#[derive(Debug)]
pub(super) struct Session(Mutex<State>);

#[derive(Debug)]
struct State {
    protocol: ServerConnection,
    /// Sealed bytes that came behind what is opened: rustls takes no more before that is read.
    behind: Vec<u8>,
}

impl Session {
    pub(super) fn new(config: Arc<ServerConfig>) -> io::Result<Self> {
        let mut protocol = ServerConnection::new(config).map_err(io::Error::other)?;
        protocol.set_buffer_limit(Some(SEALED_BYTES));
        Ok(Self(Mutex::new(State { protocol, behind: Vec::new() })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.lock().protocol.is_handshaking()
    }

    /// Takes what has come on the socket, once nothing is left to [`Session::read`]. Its own answers go to `out`; what
    /// does not go stays for [`Session::flush`].
    ///
    /// # Errors
    /// `InvalidData` if the peer breaks the protocol; it is told.
    pub(super) fn take(&self, sealed: &[u8], out: impl Write) -> io::Result<()> {
        self.lock().open(sealed, out)
    }

    /// What was opened; `WouldBlock` if more must come first, 0 at the end. Answers go to `out` as in [`Session::take`].
    ///
    /// # Errors
    /// As [`Session::take`].
    pub(super) fn read(&self, buffer: &mut [u8], mut out: impl Write) -> io::Result<usize> {
        let mut state = self.lock();
        loop {
            match state.protocol.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock && !state.behind.is_empty() => {
                    let behind = std::mem::take(&mut state.behind);
                    state.open(&behind, &mut out)?;
                }
                other => return other,
            }
        }
    }

    /// Seals what fits and hands it on to `out`; what `out` does not take of it stays for [`Session::flush`].
    ///
    /// # Errors
    /// `WouldBlock` if what was sealed earlier still waits; nothing is taken then.
    pub(super) fn write(&self, slices: &[IoSlice<'_>], mut out: impl Write) -> io::Result<usize> {
        let protocol = &mut self.lock().protocol;
        hand_on(protocol, &mut out)?;
        let count = protocol.writer().write_vectored(slices)?;
        match hand_on(protocol, &mut out) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(count),
        }
    }

    /// Hands on what is sealed and waits.
    ///
    /// # Errors
    /// `WouldBlock` if some still waits, else what `out` says.
    pub(super) fn flush(&self, mut out: impl Write) -> io::Result<()> {
        hand_on(&mut self.lock().protocol, &mut out)
    }

    /// Tells the peer that nothing more will come, so that it knows that nobody cut it short.
    pub(super) fn close(&self, mut out: impl Write) {
        let protocol = &mut self.lock().protocol;
        protocol.send_close_notify();
        // Who does not take these few bytes has gone, or does not listen.
        let _ = hand_on(protocol, &mut out);
    }
}

impl State {
    /// Opens records until there is something to read; what is behind it waits until that is read.
    fn open(&mut self, mut sealed: &[u8], mut out: impl Write) -> io::Result<()> {
        while !sealed.is_empty() {
            // Behind their own end a peer has nothing to say: nothing is taken any more.
            if self.protocol.read_tls(&mut sealed)? == 0 {
                break;
            }
            match self.protocol.process_new_packets() {
                Ok(opened) if opened.plaintext_bytes_to_read() > 0 => {
                    self.behind = sealed.to_vec();
                    break;
                }
                Ok(_) => {}
                Err(error) => {
                    let _ = hand_on(&mut self.protocol, &mut out);
                    return Err(io::Error::new(ErrorKind::InvalidData, error));
                }
            }
        }
        match hand_on(&mut self.protocol, &mut out) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}

fn hand_on(protocol: &mut ServerConnection, out: &mut impl Write) -> io::Result<()> {
    while protocol.wants_write() {
        protocol.write_tls(out)?;
    }
    Ok(())
}
