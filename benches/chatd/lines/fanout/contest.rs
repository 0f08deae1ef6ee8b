//! Those who are measured side by side, each with the same listeners, turn by turn so that all meet the same
//! neighbours.

use std::ops::Range;
use std::time::Duration;

use chatd::bench::Outcome;
use chatd::bench::client::{Client, Id};
use chatd::bench::deliveries::Faults;
use chatd::bench::effort::Share;
use chatd::bench::flight::{self, Flown};
use chatd::bench::people;
use chatd::bench::posting::Posts;

use super::peers::{self, Publishes};
use super::typing::Types;
use super::{IN_FLIGHT, LENGTH, OURS, ROUNDS};
use crate::crowd::{Crowd, Plan};
use crate::lines::Scene;
use crate::server::Server;

const ROUND: Duration = Duration::from_millis(500);
/// Enough for nobody to type in the same one again within 3 s.
const CHANNELS: usize = 20;

/// What is done to a server, in one way.
pub struct Contest {
    pub name: String,
    /// By case of [`IN_FLIGHT`], then by round.
    pub rounds: Vec<Vec<Round>>,
}

/// A round's measurements.
pub struct Round {
    pub cpu: Duration,
    pub flown: Flown,
}

impl Round {
    pub fn us_per_delivery(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.flown.delivered as f64
    }
}

impl Contest {
    fn new(name: String) -> Self {
        Self { name, rounds: IN_FLIGHT.iter().map(|_| Vec::new()).collect() }
    }

    /// CPU time per delivery of all rounds of a case, in µs.
    pub fn cells(&self) -> Vec<Vec<f64>> {
        self.rounds.iter().map(|rounds| rounds.iter().map(Round::us_per_delivery).collect()).collect()
    }

    /// How many times as much this one took as another, round by round.
    pub fn ratios(&self, other: &Self) -> Vec<Vec<f64>> {
        let cells = self.cells().into_iter().zip(other.cells());
        cells.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a / b).collect()).collect()
    }

    pub fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        self.rounds.iter().flatten().for_each(|round| faults.add(round.flown.faults));
        faults
    }

    pub fn efforts(&self) -> Vec<Share> {
        self.rounds.iter().flatten().map(|round| round.flown.effort).collect()
    }
}

/// Measures chatd's messages, chatd's typing and the peers, in this order; what `between` does in each case happens
/// once a round.
pub fn hold(
    scene: &Scene,
    members: usize,
    mut between: impl FnMut(usize) -> Outcome<()>,
) -> Outcome<Vec<Outcome<Contest>>> {
    let data = scene.folder().join(format!("data{members}"));
    Server::start(&data)?.stop()?;
    let crowd = Crowd::gather(&data, Plan { members, channels: CHANNELS, roles: 0 })?;
    let server = Server::start(&data)?;
    let mut client = Client::new(server.address)?;
    let place = crowd.place()?;
    let most = IN_FLIGHT.iter().copied().max().unwrap_or(1);
    let ours = people::connect(&mut client, &place, 1).map_err(|error| server.explain(&error))?;
    let mut posts = Posts { place: &place, senders: client.open(most)?, length: LENGTH };
    let mut types = Types::new(&crowd, &ours, IN_FLIGHT.len() * (ROUNDS + 1));
    let mut others = peers::start().map(|peer| peer.and_then(|server| Peer::connect(server, members, most)));

    let mut contests: Vec<_> =
        OURS.iter().map(|(what, kept)| Ok(Contest::new(format!("{}: {what}, {kept}", server.name)))).collect();
    contests.extend(others.iter().map(|peer| match peer {
        Ok(peer) => Ok(Contest::new(format!("{}: stored nowhere", peer.server.name))),
        Err(error) => Err(error.clone()),
    }));
    for (case, in_flight) in IN_FLIGHT.into_iter().enumerate() {
        for number in 0..=ROUNDS {
            // The first one warms up.
            let time = if number == 0 { ROUND / 2 } else { ROUND };
            let mut rounds = Vec::new();
            client.heartbeat(ours.clone())?;
            types.begin_round();
            rounds.push(round(&server, &mut client, &ours, &mut posts, in_flight, time).map(Some));
            rounds.push(round(&server, &mut client, &ours, &mut types, in_flight, time).map(Some));
            for peer in &mut others {
                let Ok(Peer { server, client, listeners, publishes }) = peer else {
                    rounds.push(Ok(None));
                    continue;
                };
                rounds.push(round(server, client, listeners, publishes, in_flight, time).map(Some));
            }
            for (contest, round) in contests.iter_mut().zip(rounds) {
                let round = round?.filter(|_| number > 0);
                if let (Ok(contest), Some(round)) = (contest, round) {
                    contest.rounds[case].push(round);
                }
            }
            if number > 0 {
                between(case)?;
            }
        }
    }
    server.stop()?;
    Ok(contests)
}

fn round(
    server: &Server,
    client: &mut Client,
    listeners: &Range<Id>,
    way: &mut impl flight::Way,
    in_flight: usize,
    time: Duration,
) -> Outcome<Round> {
    client.drain(Duration::from_millis(50))?;
    let before = server.cpu()?;
    let flown = flight::fly(client, listeners, way, in_flight, time).map_err(|error| server.explain(&error))?;
    Ok(Round { cpu: server.cpu()? - before, flown })
}

/// A peer that runs and has its listeners.
struct Peer {
    server: Server,
    client: Client,
    listeners: Range<Id>,
    publishes: Publishes,
}

impl Peer {
    fn connect(server: Server, listeners: usize, senders: usize) -> Outcome<Self> {
        let mut client = Client::new(server.address)?;
        let mut connect =
            |path: &str, count| peers::connect(&mut client, path, count).map_err(|error| server.explain(&error));
        let listeners = connect("/listen", listeners)?;
        let publishes = Publishes { senders: connect("/send", senders)?, length: LENGTH };
        Ok(Self { server, client, listeners, publishes })
    }
}
