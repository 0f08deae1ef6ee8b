//! Push services that mean harm, on ports of this machine; a time-out is a third of a second here.

use std::net::TcpListener;
use std::sync::atomic::AtomicUsize;

use super::super::guard::Local;
use super::*;

const TIME: Duration = Duration::from_millis(300);

fn any_port(place: &str) -> Local {
    Local::parse(&format!("{place}:*")).unwrap()
}

/// A client that may speak to these, at every port, and that finds those under every name.
fn client(local: &[&str], addresses: &'static [&'static str]) -> Client {
    let lookup: Lookup = Arc::new(|_: &str| Ok(addresses.iter().map(|text| text.parse().unwrap()).collect()));
    let guard = Guard::new(local.iter().map(|text| any_port(text)).collect());
    Client { time: TIME, ..Client::new(guard, Roots::new(None), lookup) }
}

fn send(client: &mut Client, url: &str) -> Result<Answer, Failure> {
    let endpoint = Endpoint::parse(url).unwrap();
    let body = [0; 100];
    client.send(&Push {
        endpoint: &endpoint,
        authorization: "vapid t=x, k=y",
        ttl_s: 60,
        urgency: "high",
        topic: Some("topic"),
        body: &body,
    })
}

/// Reads a request's head and body.
fn request(socket: &mut TcpStream) -> Option<String> {
    let mut got = Vec::new();
    let mut buffer = [0; 4_096];
    while !got.windows(4).any(|window| window == b"\r\n\r\n") || got.len() < 200 {
        let count = socket.read(&mut buffer).ok().filter(|count| *count > 0)?;
        got.extend_from_slice(&buffer[..count]);
    }
    Some(String::from_utf8_lossy(&got).into_owned())
}

/// Something that listens at an address and does this with each connection; its port, and how many came.
fn listen(address: &str, each: impl Fn(&mut TcpStream) + Send + 'static) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let (port, came) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&came);
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::SeqCst);
            each(&mut socket);
        }
    });
    (port, came)
}

fn answering(answer: &'static str) -> impl Fn(&mut TcpStream) + Send + 'static {
    move |socket| {
        while request(socket).is_some() && socket.write_all(answer.as_bytes()).is_ok() {}
    }
}

const CREATED: &str = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

fn answer(status: u16) -> Result<Answer, Failure> {
    Ok(Answer { status, retry_after: None })
}

#[test]
fn the_address_itself_is_looked_at_whatever_the_name_led_to_before() {
    let (port, came) = listen("127.0.0.1", answering(CREATED));
    let url = format!("http://push.example.com:{port}/x");
    let mut named = client(&[], &["127.0.0.1"]);
    assert_eq!(send(&mut named, &url), Err(Failure::Refused));
    for inside in [&["10.0.0.1", "::1", "::ffff:127.0.0.1"][..], &["169.254.169.254"], &["64:ff9b::7f00:1"]] {
        let mut client = client(&[], inside);
        assert_eq!(send(&mut client, &url), Err(Failure::Refused), "{inside:?}");
    }
    // A name that leads elsewhere the second time it is looked up.
    let (other, there) = listen("127.0.0.2", |socket| {
        request(socket);
        let _ = socket.write_all(b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n");
    });
    let asked = AtomicUsize::new(0);
    let rebinds: Lookup = Arc::new(move |_: &str| {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(vec![if first { [127, 0, 0, 2] } else { [127, 0, 0, 1] }.into()])
    });
    let guard = Guard::new(vec![any_port("127.0.0.2")]);
    let mut rebound = Client { time: TIME, ..Client::new(guard, Roots::new(None), rebinds) };
    let url = format!("http://push.example.com:{other}/x");
    assert_eq!(send(&mut rebound, &url), answer(201));
    assert_eq!(send(&mut rebound, &url), Err(Failure::Refused));
    assert_eq!((came.load(Ordering::SeqCst), there.load(Ordering::SeqCst)), (0, 1));
    // Of several addresses those that are allowed.
    let mut mixed = client(&["127.0.0.2"], &["127.0.0.1", "127.0.0.2"]);
    assert_eq!(send(&mut mixed, &url), answer(201));
    assert_eq!(came.load(Ordering::SeqCst), 0);
}

#[test]
fn a_connection_is_used_again_and_one_that_was_closed_meanwhile_costs_nothing() {
    let (port, came) = listen("127.0.0.2", answering(CREATED));
    let mut client = client(&["127.0.0.2"], &["127.0.0.2"]);
    let url = format!("http://127.0.0.2:{port}/x");
    (0..3).for_each(|_| assert_eq!(send(&mut client, &url), answer(201)));
    assert_eq!(came.load(Ordering::SeqCst), 1);
    let (port, came) = listen("127.0.0.2", |socket| {
        request(socket);
        // It seems to stay open.
        let _ = socket.write_all(CREATED.as_bytes());
    });
    let url = format!("http://127.0.0.2:{port}/x");
    (0..3).for_each(|_| assert_eq!(send(&mut client, &url), answer(201)));
    assert_eq!(came.load(Ordering::SeqCst), 3);
}

#[test]
fn answers_that_mean_harm_are_bounded_in_bytes_and_in_time() {
    let mut client = client(&["127.0.0.2"], &["127.0.0.2"]);
    let mut try_one = |each: Box<dyn Fn(&mut TcpStream) + Send>| {
        let (port, _) = listen("127.0.0.2", move |socket| {
            request(socket);
            each(socket);
        });
        let begun = Instant::now();
        let answer = send(&mut client, &format!("http://127.0.0.2:{port}/x"));
        assert!(begun.elapsed() < TIME * 4, "{answer:?} took {:?}", begun.elapsed());
        answer
    };
    let endless = |head: &'static str, piece: &'static str| -> Box<dyn Fn(&mut TcpStream) + Send> {
        Box::new(move |socket: &mut TcpStream| {
            let _ = socket.write_all(head.as_bytes());
            let piece = piece.repeat(100);
            while socket.write_all(piece.as_bytes()).is_ok() {}
        })
    };
    assert_eq!(try_one(endless("HTTP/1.1 201 Created\r\n\r\n", "body")), answer(201));
    assert_eq!(try_one(endless("HTTP/1.1 201 Created\r\nContent-Length: 9999999999\r\n\r\n", "body")), answer(201));
    assert_eq!(try_one(endless("HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\n", "body")), answer(201));
    assert_eq!(try_one(endless("HTTP/1.1 201 Created\r\nX: ", "x")), Err(Failure::Senseless));
    assert_eq!(try_one(endless("HTTP/1.1 201 Created\r\n", "X: y\r\n")), Err(Failure::Senseless));
    assert_eq!(try_one(endless("", "nothing that is HTTP ")), Err(Failure::Senseless));
    assert!(matches!(try_one(endless("", "HTTP/1.1 103 Wait\r\n\r\n")), Err(Failure::Late | Failure::Senseless)));
    let says = |answer: &'static str| -> Box<dyn Fn(&mut TcpStream) + Send> {
        Box::new(move |socket: &mut TcpStream| drop(socket.write_all(answer.as_bytes())))
    };
    assert_eq!(try_one(says("")), Err(Failure::Cut));
    assert_eq!(try_one(says("HTTP/1.1 20")), Err(Failure::Cut));
    assert_eq!(try_one(says("HTTP/1.1 abc\r\n\r\n")), Err(Failure::Senseless));
    assert_eq!(try_one(says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 202 Yes\r\n\r\n")), answer(202));
    let silent = |socket: &mut TcpStream| drop(socket.read(&mut [0; 1]));
    assert_eq!(try_one(Box::new(silent)), Err(Failure::Late));
    let trickles = |socket: &mut TcpStream| {
        for byte in CREATED.bytes().cycle().take(20) {
            let _ = socket.write_all(&[byte]);
            // Nothing comes: this only takes its time.
            let _ = socket.set_read_timeout(Some(TIME / 5));
            let _ = socket.read(&mut [0; 1]);
        }
    };
    assert_eq!(try_one(Box::new(trickles)), Err(Failure::Late));
}

#[test]
fn a_redirect_is_an_answer_and_leads_nowhere() {
    let (secret, came) = listen("127.0.0.1", answering(CREATED));
    let to = format!("HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:{secret}/\r\nContent-Length: 0\r\n\r\n");
    let (port, _) = listen("127.0.0.2", answering(Box::leak(to.into_boxed_str())));
    let mut client = client(&["127.0.0.0/8"], &["127.0.0.2"]);
    assert_eq!(send(&mut client, &format!("http://127.0.0.2:{port}/x")), answer(307));
    assert_eq!(came.load(Ordering::SeqCst), 0);
}

#[test]
fn when_to_come_again_is_said_in_seconds_or_as_a_date() {
    assert_eq!(retry_after("120"), Some(Duration::from_secs(120)));
    assert_eq!(retry_after("0"), Some(Duration::from_secs(1)));
    assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(1)));
    let far = retry_after("Fri, 01 Jan 2100 00:00:00 GMT").unwrap();
    assert!(far > Duration::from_secs(365 * 24 * 3600));
    for bad in ["", "-1", "soon", "99999999999", "1.5"] {
        assert_eq!(retry_after(bad), None, "{bad}");
    }
}

#[test]
fn a_name_that_is_never_found_costs_its_time_and_no_more() {
    let hangs: Lookup = Arc::new(|_: &str| {
        std::thread::park();
        Ok(Vec::new())
    });
    let mut client = Client { time: TIME, ..Client::new(Guard::default(), Roots::new(None), hangs) };
    let begun = Instant::now();
    for n in 0..20 {
        let failure = if n < LOOKUPS { Failure::Late } else { Failure::Crowded };
        assert_eq!(send(&mut client, &format!("https://push{n}.example.com/x")), Err(failure));
    }
    assert!(begun.elapsed() < TIME * (LOOKUPS as u32 + 2), "{:?}", begun.elapsed());
    let mut lost =
        Client { time: TIME, ..Client::new(Guard::default(), Roots::new(None), Arc::new(|_: &str| Ok(Vec::new()))) };
    assert_eq!(send(&mut lost, "https://push.example.com/x"), Err(Failure::Unknown));
}

#[test]
fn certificates_are_believed_that_rest_on_the_roots_and_bear_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str| {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        std::fs::write(folder.path().join(name), made.cert.pem()).unwrap();
        made
    };
    let (good, other) = (made("push.example.com"), made("other.example.com"));
    let serve = |made: &rcgen::CertifiedKey<rcgen::KeyPair>| {
        let chain = vec![made.cert.der().clone()];
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = Arc::new(config.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap());
        listen("127.0.0.2", move |socket| {
            let protocol = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(protocol, socket.try_clone().unwrap());
            let mut buffer = [0; 4_096];
            while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                if stream.write_all(CREATED.as_bytes()).is_err() {
                    break;
                }
            }
        })
    };
    let (served, _) = serve(&good);
    let (wrong, _) = serve(&other);
    let lookup: Lookup = Arc::new(|_: &str| Ok(vec![[127, 0, 0, 2].into()]));
    let believing = |file: &str| {
        let guard = Guard::new(vec![any_port("push.example.com")]);
        let roots = Roots::new(Some(folder.path().join(file)));
        Client { time: Duration::from_secs(5), ..Client::new(guard, roots, Arc::clone(&lookup)) }
    };
    let to = |port: u16| format!("https://push.example.com:{port}/x");
    let mut client = believing("push.example.com");
    (0..2).for_each(|_| assert_eq!(send(&mut client, &to(served)), answer(201)));
    // One connection at a time is served.
    drop(client);
    for (file, port) in [("other.example.com", served), ("other.example.com", wrong), ("push.example.com", wrong)] {
        assert!(matches!(send(&mut believing(file), &to(port)), Err(Failure::Tls(_))), "{file} {port}");
    }
    assert_eq!(send(&mut believing("none"), &to(served)), Err(Failure::NoRoots));
}

#[test]
fn the_brake_ends_what_is_under_way_and_lets_nothing_begin() {
    let (port, came) =
        listen("127.0.0.2", |socket| drop(socket.read(&mut [0; 4_096]).and_then(|_| socket.read(&mut [0; 1]))));
    let mut client = Client { time: Duration::from_secs(60), ..client(&["127.0.0.2"], &["127.0.0.2"]) };
    let brake = client.brake();
    let url = format!("http://127.0.0.2:{port}/x");
    std::thread::scope(|scope| {
        let sends = scope.spawn(|| send(&mut client, &url));
        while came.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        brake.pull();
        assert_eq!(sends.join().unwrap(), Err(Failure::Stopped));
    });
    assert_eq!(send(&mut client, &url), Err(Failure::Stopped));
}
