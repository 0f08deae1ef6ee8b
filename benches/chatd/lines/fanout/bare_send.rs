//! What a delivery costs at the least on this machine, now: a bare loop of one `send` for each of 500 sockets, read by
//! another thread as the load generator reads. Whoever compares fan-out figures of two machines, or of a busy and a
//! quiet one, compares them to this.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{Timespec, epoll};
use rustix::net::RecvFlags;

use chatd::bench::Outcome;
use chatd::bench::effort::thread_cpu;

/// As long as the frame of a message of 128 characters.
const FRAME: [u8; 550] = [b'x'; 550];
const TURNS: u32 = 400;
/// The first ones warm up.
const COLD_TURNS: u32 = 40;
const PATIENCE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// CPU time of one `send` in µs.
pub fn cost_us(sockets: usize) -> Outcome<f64> {
    measure(sockets).map_err(|error| format!("the bare loop of sends: {error}"))
}

fn measure(sockets: usize) -> std::io::Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let (mut senders, mut receivers) = (Vec::new(), Vec::new());
    for key in 0..sockets {
        let receiver = TcpStream::connect(address)?;
        receiver.set_nonblocking(true)?;
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &receiver, epoll::EventData::new_u64(key as u64), flags)?;
        receivers.push(receiver);
        let (sender, _) = listener.accept()?;
        sender.set_nodelay(true)?;
        senders.push(sender);
    }
    let (told, all_here) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || read(&epoll, &receivers, || told.send(()).is_ok()));
    let mut cpu = Duration::ZERO;
    for turn in 0..COLD_TURNS + TURNS {
        let before = thread_cpu();
        for sender in &mut senders {
            sender.write_all(&FRAME)?;
        }
        if turn >= COLD_TURNS {
            cpu += thread_cpu() - before;
        }
        // One at a time: the next one when all have got it.
        if all_here.recv_timeout(Duration::from_secs(5)).is_err() {
            break;
        }
    }
    drop(all_here);
    drop(senders);
    reader.join().expect("the reader does not panic")?;
    Ok(cpu.as_secs_f64() * 1e6 / (f64::from(TURNS) * sockets as f64))
}

/// Reads until the other side closes; calls `all_here` whenever everybody has another frame.
fn read(epoll: &OwnedFd, receivers: &[TcpStream], all_here: impl Fn() -> bool) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut events = Vec::with_capacity(1024);
    let (mut bytes, a_turn) = (0, FRAME.len() * receivers.len());
    loop {
        events.clear();
        epoll::wait(epoll, rustix::buffer::spare_capacity(&mut events), Some(&PATIENCE))?;
        if events.is_empty() {
            return Ok(());
        }
        for event in &events {
            let receiver = &receivers[usize::try_from(event.data.u64()).expect("it was a usize")];
            match rustix::net::recv(receiver, &mut *buffer, RecvFlags::empty()) {
                Ok((0, _)) => return Ok(()),
                Ok((count, _)) => bytes += count,
                Err(rustix::io::Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if bytes >= a_turn {
            bytes -= a_turn;
            if !all_here() {
                return Ok(());
            }
        }
    }
}
