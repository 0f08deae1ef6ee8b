//! Whose certificates are believed: those that the system's administrator, or the owner, says.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Where systems keep them: Debian and its kin, Fedora and its kin, Alpine and others.
const FILES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// They are read anew after this: the system may have got newer ones, or its first.
const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// TLS sessions that are remembered, to be resumed.
const SESSIONS: usize = 32;

/// The certificates, once somebody has asked for them.
pub(super) struct Roots {
    file: Option<PathBuf>,
    read: Option<(Option<Arc<ClientConfig>>, Instant)>,
}

impl Roots {
    /// Those in a file, or the system's.
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file, read: None }
    }

    /// How connections are made that rest on them; none if there are none.
    pub(super) fn config(&mut self) -> Option<Arc<ClientConfig>> {
        if let Some((config, at)) = &self.read
            && at.elapsed() < if config.is_some() { DAY } else { MINUTE }
        {
            return config.clone();
        }
        let config = self.load();
        if config.is_none() {
            log::warn!(
                "there are no root certificates, without which no push service is believed: install ca-certificates, or \
                 name a file with --push-roots"
            );
        }
        self.read = Some((config.clone(), Instant::now()));
        config
    }

    fn load(&self) -> Option<Arc<ClientConfig>> {
        let system = FILES.iter().map(PathBuf::from);
        let files = self.file.clone().map_or_else(|| system.collect(), |file| vec![file]);
        let pem = files.iter().find_map(|file| std::fs::read(file).ok())?;
        let mut store = RootCertStore::empty();
        // What cannot be read is left out: one of a hundred must not cost the others.
        store.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
        if store.is_empty() {
            return None;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]).ok()?;
        let mut config = builder.with_root_certificates(store).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = rustls::client::Resumption::in_memory_sessions(SESSIONS);
        Some(Arc::new(config))
    }
}
