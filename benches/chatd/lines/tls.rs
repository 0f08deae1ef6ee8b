//! What TLS costs the server, in the program itself: the same people on two servers turn by turn, one with TLS and one
//! without. Storing and answering are in a delivery's cost, as in [`super::fanout`].

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chatd::bench::client::{Client, Id, Transport};
use chatd::bench::people::{self, Place};
use chatd::bench::posting::Posts;
use chatd::bench::{Outcome, effort, flight};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned};

use super::Scene;
use crate::crowd::{Crowd, Plan};
use crate::server::Server;
use crate::table::{Budget, Row, median, number};

const MEMBERS: usize = 500;
/// For memory; a delivery goes to one of each member.
const GATEWAYS_EACH: usize = 4;
const IN_FLIGHT: [usize; 2] = [1, 32];
const LENGTH: usize = 128;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(500);
const REST: Duration = Duration::from_millis(500);

/// One of the two.
struct Side {
    server: Server,
    client: Client,
    place: Place,
    each_kb: f64,
    connect_us: f64,
}

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let mut plain = Side::start(scene, "plain", "off")?;
    let mut tls = Side::start(scene, "tls", "self-signed")?;
    let beside = |what: &str, with: f64, without: f64, unit: &'static str| {
        let row = scene.row(what, vec![with], unit, Budget::None);
        row.note(format!("without TLS {}: {:.2} times as much", number(without), with / without))
    };
    let mut rows = vec![
        beside("for each of 2,000 idle gateways over TLS", tls.each_kb, plain.each_kb, "KB")
            .note("500 members with 4 gateways each, after a heartbeat on each; growth of PSS"),
        beside("CPU to connect a gateway over TLS", tls.connect_us, plain.connect_us, "µs")
            .note("TCP, handshakes, HELLO and CONNECTED with 500 members; nothing of TLS is taken up again"),
    ];
    let (heard_plain, heard_tls) = (plain.listen()?, tls.listen()?);
    for in_flight in IN_FLIGHT {
        let (mut with, mut without, mut efforts) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let (cost, _) = plain.deliver(&heard_plain, in_flight)?;
            let (cost_tls, effort) = tls.deliver(&heard_tls, in_flight)?;
            // The first one warms up.
            if round > 0 {
                without.push(cost);
                with.push(cost_tls);
                efforts.push(effort);
            }
        }
        let (bare, what) = (median(&without).unwrap_or(0.0), format!("{MEMBERS} members, {in_flight} in flight"));
        let times = median(&with).unwrap_or(0.0) / bare;
        let row = scene.row(format!("CPU per delivery over TLS, {what}"), with, "µs", Budget::None);
        rows.push(
            row.note(format!("without TLS {}: {times:.2} times as much", number(bare))).note(effort::note(&efforts)),
        );
    }
    plain.server.stop()?;
    tls.server.stop()?;
    Ok(rows)
}

impl Side {
    fn start(scene: &Scene, name: &str, tls: &str) -> Outcome<Self> {
        let data = scene.folder().join(name);
        Server::start(&data)?.stop()?;
        let crowd = Crowd::gather(&data, Plan { members: MEMBERS, channels: 2, roles: 0 })?;
        let server = Server::start_with(&data, &[("CHATD_TLS", OsStr::new(tls))])?;
        let mut client = if tls == "off" { Client::new(server.address) } else { Client::over(server.address, secure) }?;
        let place = crowd.place()?;
        client.drain(REST)?;
        let (before, cpu) = (server.memory()?, server.cpu_of_all()?);
        let gateways = people::connect(&mut client, &place, GATEWAYS_EACH).map_err(|error| server.explain(&error))?;
        let (count, cpu) = (gateways.len() as f64, server.cpu_of_all()? - cpu);
        client.drain(REST)?;
        client.heartbeat(gateways.clone())?;
        client.drain(REST)?;
        let each_kb = (server.memory()?.proportional - before.proportional) / count / 1e3;
        client.leave(gateways)?;
        client.drain(REST)?;
        Ok(Self { server, client, place, each_kb, connect_us: cpu.as_secs_f64() * 1e6 / count })
    }

    fn listen(&mut self) -> Outcome<(Range<Id>, Range<Id>)> {
        let gateways =
            people::connect(&mut self.client, &self.place, 1).map_err(|error| self.server.explain(&error))?;
        Ok((gateways, self.client.open(IN_FLIGHT.into_iter().max().unwrap_or(1))?))
    }

    /// CPU time of a delivery in µs, and how busy the generator was.
    fn deliver(
        &mut self,
        (gateways, senders): &(Range<Id>, Range<Id>),
        in_flight: usize,
    ) -> Outcome<(f64, effort::Share)> {
        let Self { server, client, place, .. } = self;
        let mut posts = Posts { place, senders: senders.clone(), length: LENGTH };
        client.heartbeat(gateways.clone())?;
        client.drain(Duration::from_millis(50))?;
        let before = server.cpu()?;
        let flown = flight::fly(client, gateways, &mut posts, in_flight, ROUND);
        let flown = flown.map_err(|error| server.explain(&error))?;
        let cpu = server.cpu()? - before;
        if let Some(wrong) = flown.faults.wrong() {
            return Err(wrong);
        }
        Ok((cpu.as_secs_f64() * 1e6 / flown.delivered as f64, flown.effort))
    }
}

/// TLS 1.3 on a socket; who answers is not looked at, as we have started it.
fn secure(socket: TcpStream) -> io::Result<Box<dyn Transport>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let provider = Arc::new(ring::default_provider());
        let believe = Arc::new(BelieveAll(provider.signature_verification_algorithms));
        let config = ClientConfig::builder_with_provider(provider);
        let config = config.with_protocol_versions(&[&rustls::version::TLS13]).expect("ring has it");
        let mut config = config.dangerous().with_custom_certificate_verifier(believe).with_no_client_auth();
        // People who come from afar come with nothing of an earlier time.
        config.resumption = rustls::client::Resumption::disabled();
        Arc::new(config)
    });
    let name = ServerName::try_from("localhost").expect("a name");
    let protocol = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(protocol, socket);
    stream.conn.complete_io(&mut stream.sock)?;
    stream.sock.set_nonblocking(true)?;
    Ok(Box::new(Secure(stream)))
}

struct Secure(StreamOwned<ClientConnection, TcpStream>);

impl Transport for Secure {
    fn ends_short(&self) -> bool {
        // At the end of a record, perhaps.
        false
    }
}

impl Read for Secure {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Secure {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[derive(Debug)]
struct BelieveAll(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for BelieveAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
