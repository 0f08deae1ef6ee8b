//! A push service of the stories' own, and the browsers that it serves: what comes is opened with the browsers' keys.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac_sha256::HKDF;
use p256::elliptic_curve::ecdh::diffie_hellman;
use p256::{PublicKey, SecretKey};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::{Value, json};

use crate::harness::{PATIENCE, Person, World, text};

/// What came.
pub struct Arrived {
    pub headers: HashMap<String, String>,
    body: Vec<u8>,
}

#[derive(Default)]
struct Boxes {
    /// By path, what came and was not looked at yet.
    arrived: HashMap<String, VecDeque<Arrived>>,
    /// By path, what is answered next; else 201.
    answers: HashMap<String, VecDeque<String>>,
}

/// The service, on a port of this machine.
#[derive(Clone)]
pub struct Service {
    address: SocketAddr,
    boxes: Arc<(Mutex<Boxes>, Condvar)>,
}

impl Service {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let service = Self { address: listener.local_addr().unwrap(), boxes: Arc::default() };
        let own = service.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(&socket));
            }
        });
        service
    }

    /// A world that may send there.
    pub fn world(&self) -> World {
        self.world_with(|_| {})
    }

    pub fn world_with(&self, change: impl FnOnce(&mut chatd::app::Options)) -> World {
        World::with(|options| {
            options.push_local = vec![chatd::push::Local::parse("127.0.0.1:*").unwrap()];
            change(options);
        })
    }

    fn serve(&self, socket: &TcpStream) {
        let mut reader = BufReader::new(socket);
        while let Some((path, arrived)) = read(&mut reader) {
            let answer = {
                let mut boxes = self.boxes.0.lock().unwrap();
                boxes.arrived.entry(path.clone()).or_default().push_back(arrived);
                boxes.answers.get_mut(&path).and_then(VecDeque::pop_front)
            };
            self.boxes.1.notify_all();
            let answer = answer.unwrap_or_else(|| "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n".to_owned());
            let mut socket = socket;
            if socket.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    /// The next answer for a browser is this.
    pub fn answers(&self, path: &str, answer: &str) {
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
        self.boxes.0.lock().unwrap().answers.entry(format!("/{path}")).or_default().push_back(answer);
    }

    /// So many pushes wait for their next try: the last answer has been taken in.
    #[track_caller]
    pub fn waits(world: &World, count: usize) {
        let (line, until) = (format!("chatd_push_waiting {count}\n"), Instant::now() + PATIENCE);
        while !world.send("GET", "/metrics", None, &[], None).text.contains(&line) {
            assert!(Instant::now() < until, "never: {line}");
        }
    }

    /// Somebody's browser subscribes.
    #[track_caller]
    pub fn device(&self, person: &Person<'_>, path: &str) -> Device {
        let device = Device::new(self, path);
        let made = person.post("/users/@me/push-subscriptions", device.subscription()).expect(201);
        assert_eq!(made["origin"], json!(format!("http://{}", self.address)));
        Device { id: text(&made["subscription_id"]), ..device }
    }

    pub fn endpoint(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

/// Reads a request.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<(String, Arrived)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let path = line.strip_prefix("POST ")?.split(' ').next()?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some((path, Arrived { headers, body }))
}

/// A browser that is subscribed.
pub struct Device {
    pub id: String,
    path: String,
    service: Service,
    key: SecretKey,
    auth: [u8; 16],
}

/// A push, opened.
#[derive(Debug)]
pub struct Push {
    pub letter: Value,
    pub headers: HashMap<String, String>,
    /// Of what came, sealed.
    pub length: usize,
}

impl Device {
    /// One that is not subscribed yet.
    pub fn new(service: &Service, path: &str) -> Self {
        let mut random = [0; 48];
        getrandom::fill(&mut random).unwrap();
        // Far below the group's order.
        random[0] = 0;
        let key = SecretKey::from_slice(&random[..32]).unwrap();
        let auth = random[32..].try_into().unwrap();
        Self { id: String::new(), path: path.to_owned(), service: service.clone(), key, auth }
    }

    /// What a browser says of it.
    pub fn subscription(&self) -> Value {
        let keys = json!({
            "p256dh": URL_SAFE_NO_PAD.encode(self.key.public_key().to_sec1_bytes()),
            "auth": URL_SAFE_NO_PAD.encode(self.auth),
        });
        json!({"endpoint": self.service.endpoint(&self.path), "expirationTime": null, "keys": keys, "name": self.path})
    }

    /// The next push that comes.
    #[track_caller]
    pub fn next(&self) -> Push {
        let (boxes, came) = &*self.service.boxes;
        let until = Instant::now() + PATIENCE;
        let mut boxes = boxes.lock().unwrap();
        loop {
            let path = format!("/{}", self.path);
            if let Some(arrived) = boxes.arrived.get_mut(&path).and_then(VecDeque::pop_front) {
                return self.open(arrived);
            }
            let time = until.saturating_duration_since(Instant::now());
            assert!(!time.is_zero(), "no push came for {}", self.path);
            boxes = came.wait_timeout(boxes, time).unwrap().0;
        }
    }

    /// The kind, title and body of the next push.
    #[track_caller]
    pub fn hears(&self) -> (String, String, String) {
        let letter = self.next().letter;
        (text(&letter["kind"]), text(&letter["title"]), text(&letter["body"]))
    }

    /// The next push is of a message with this text.
    #[track_caller]
    pub fn hears_of(&self, body: &str) {
        let (kind, _, heard) = self.hears();
        assert_eq!((kind.as_str(), heard.as_str()), ("message", body));
    }

    /// Nothing waits for this one: a test that is asked for now is the next that comes.
    #[track_caller]
    pub fn hears_nothing_else(&self, user: &Person<'_>) {
        let answer = user.ask("POST", &format!("/users/@me/push-subscriptions/{}/test", self.id), None);
        assert_eq!(answer.status, 202);
        assert_eq!(self.hears().0, "test");
    }

    /// RFC 8291, from the browser's side.
    fn open(&self, arrived: Arrived) -> Push {
        let (head, sealed) = arrived.body.split_at(86);
        let public = PublicKey::from_sec1_bytes(&head[21..]).unwrap();
        let shared = diffie_hellman(self.key.to_nonzero_scalar(), public.as_affine());
        let info = [b"WebPush: info\0", &*self.key.public_key().to_sec1_bytes(), &head[21..]].concat();
        let (mut secret, mut key, mut nonce) = ([0; 32], [0; 16], [0; 12]);
        HKDF::expand(&mut secret, HKDF::extract(self.auth, shared.raw_secret_bytes()), info);
        let extracted = HKDF::extract(&head[..16], secret);
        HKDF::expand(&mut key, extracted, b"Content-Encoding: aes128gcm\0");
        HKDF::expand(&mut nonce, extracted, b"Content-Encoding: nonce\0");
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let mut opened = sealed.to_vec();
        let opened = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut opened).unwrap();
        let end = opened.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(opened[end], 2);
        let letter = serde_json::from_slice(&opened[..end]).unwrap();
        Push { letter, headers: arrived.headers, length: arrived.body.len() }
    }
}
