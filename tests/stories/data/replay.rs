//! A disk that is written to by a trace, and what is left of it when the power goes.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::chance::Chance;

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// Something that happened to the files, as `faults.c` writes it down.
pub enum Record {
    Create {
        inode: u64,
        name: String,
    },
    Write {
        inode: u64,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        inode: u64,
        length: usize,
    },
    /// It covers what had happened when it was begun.
    Sync {
        inode: u64,
        begun: u64,
    },
    SyncFolder {
        name: String,
        begun: u64,
    },
    Rename {
        from: String,
        to: String,
    },
    Unlink {
        name: String,
    },
    Link {
        from: String,
        to: String,
    },
    Folder,
}

impl Record {
    pub fn is_sync(&self) -> bool {
        matches!(self, Self::Sync { .. } | Self::SyncFolder { .. })
    }
}

/// All records of a trace, and where in it each ends.
pub fn records(trace: &Path) -> (Vec<Record>, Vec<u64>) {
    let bytes = std::fs::read(trace).unwrap();
    let (mut records, mut ends, mut at) = (Vec::new(), Vec::new(), 0);
    while at < bytes.len() {
        let number = |n: usize| u64::from_ne_bytes(bytes[at + n * 8..at + n * 8 + 8].try_into().unwrap());
        let [kind, inode, offset, length] = [0, 1, 2, 3].map(number);
        at += 32;
        let body = &bytes[at..at + length as usize];
        at += length as usize;
        let mut names = body.split(|byte| *byte == 0).map(|name| String::from_utf8_lossy(name).into_owned());
        let mut name = || names.next().unwrap();
        records.push(match kind {
            1 => Record::Create { inode, name: name() },
            2 => Record::Write { inode, offset: offset as usize, bytes: body.to_vec() },
            3 => Record::Truncate { inode, length: offset as usize },
            4 => Record::Sync { inode, begun: offset },
            5 => Record::SyncFolder { name: name(), begun: offset },
            6 => Record::Rename { from: name(), to: name() },
            7 => Record::Unlink { name: name() },
            8 => Record::Link { from: name(), to: name() },
            9 => Record::Folder,
            other => panic!("{other} is no kind of record"),
        });
        ends.push(at as u64);
    }
    (records, ends)
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

#[derive(Clone)]
enum Naming {
    /// A name, and what stands under it.
    Add(String, usize),
    Rename(String, String),
    Remove(String),
}

impl Naming {
    /// The folder that it happens in.
    fn folder(&self) -> &str {
        let (Self::Add(name, _) | Self::Rename(_, name) | Self::Remove(name)) = self;
        name.rsplit_once('/').map_or(".", |(folder, _)| folder)
    }
}

#[derive(Default)]
struct File {
    durable: Vec<u8>,
    /// With the index of the record of each.
    pending: Vec<(u64, Change)>,
}

type Names = BTreeMap<String, usize>;

/// Files and names that are on the disk, and what is still on its way there.
#[derive(Default)]
pub struct Disk {
    files: Vec<File>,
    /// The file that an inode stands for now: their numbers are used again.
    inodes: HashMap<u64, usize>,
    /// What the program sees.
    seen: Names,
    names: Names,
    pending: Vec<(u64, Naming)>,
}

impl Disk {
    /// Lets a record, the one of this index, happen.
    pub fn apply(&mut self, index: u64, record: &Record) {
        match record {
            Record::Create { inode, name } => {
                self.files.push(File::default());
                self.inodes.insert(*inode, self.files.len() - 1);
                self.name(index, Naming::Add(name.clone(), self.files.len() - 1));
            }
            Record::Write { inode, offset, bytes } => {
                self.change(*inode, index, Change::Write(*offset, bytes.clone()));
            }
            Record::Truncate { inode, length } => self.change(*inode, index, Change::Truncate(*length)),
            Record::Sync { inode, begun } => {
                let file = &mut self.files[self.inodes[inode]];
                let covered = file.pending.partition_point(|(index, _)| index < begun);
                for (_, change) in file.pending.drain(..covered) {
                    change.apply(&mut file.durable, |_| true);
                }
            }
            Record::SyncFolder { name, begun } => {
                let covered = |(index, naming): &(u64, Naming)| index < begun && naming.folder() == name;
                let (done, pending) = std::mem::take(&mut self.pending).into_iter().partition(covered);
                self.pending = pending;
                let done: Vec<(u64, Naming)> = done;
                done.into_iter().for_each(|(_, naming)| naming.apply(&mut self.names));
            }
            Record::Rename { from, to } => self.name(index, Naming::Rename(from.clone(), to.clone())),
            Record::Unlink { name } => self.name(index, Naming::Remove(name.clone())),
            Record::Link { from, to } => {
                let file = self.seen[from];
                self.name(index, Naming::Add(to.clone(), file));
            }
            // Without it nothing below it would be found, which is no different from that not being there.
            Record::Folder => {}
        }
    }

    fn change(&mut self, inode: u64, index: u64, change: Change) {
        self.files[self.inodes[&inode]].pending.push((index, change));
    }

    fn name(&mut self, index: u64, naming: Naming) {
        naming.clone().apply(&mut self.seen);
        self.pending.push((index, naming));
    }

    /// Cuts the power, and puts what may be left into a folder.
    pub fn cut(&self, chance: &mut Chance, folder: &Path) {
        // File systems keep the order of names, and lose the latest.
        let mut names = self.names.clone();
        let kept = chance.below(self.pending.len() as u64 + 1) as usize;
        self.pending[..kept].iter().for_each(|(_, naming)| naming.clone().apply(&mut names));
        let mode = chance.below(4);
        for (name, file) in names {
            let file = &self.files[file];
            let mut bytes = file.durable.clone();
            let kept = chance.below(file.pending.len() as u64 + 1) as usize;
            for (at, (_, change)) in file.pending.iter().enumerate() {
                match mode {
                    // All that was not synced is lost; or nothing is.
                    0 => {}
                    1 => change.apply(&mut bytes, |_| true),
                    // What came later is lost, and what was being written is torn.
                    2 if at < kept => change.apply(&mut bytes, |_| true),
                    2 if at == kept => change.apply(&mut bytes, |_| chance.once_in(2)),
                    2 => {}
                    // The disk wrote in an order of its own.
                    _ if chance.once_in(2) => change.apply(&mut bytes, |_| !chance.once_in(4)),
                    _ => {}
                }
            }
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
}

impl Change {
    /// Applies it, but for the sectors that `writes` says no to.
    fn apply(&self, bytes: &mut Vec<u8>, mut writes: impl FnMut(usize) -> bool) {
        match self {
            Self::Truncate(length) => {
                if writes(0) {
                    bytes.resize(*length, 0);
                }
            }
            Self::Write(offset, new) => {
                for (n, sector) in new.chunks(SECTOR).enumerate() {
                    let start = offset + n * SECTOR;
                    if writes(n) {
                        bytes.resize(bytes.len().max(start + sector.len()), 0);
                        bytes[start..start + sector.len()].copy_from_slice(sector);
                    }
                }
            }
        }
    }
}

impl Naming {
    fn apply(self, names: &mut Names) {
        match self {
            Self::Add(name, file) => {
                names.insert(name, file);
            }
            Self::Rename(from, to) => {
                // Of what was created and renamed only the latter may be synced, where both are in one folder.
                if let Some(file) = names.remove(&from) {
                    names.insert(to, file);
                }
            }
            Self::Remove(name) => {
                names.remove(&name);
            }
        }
    }
}

#[test]
fn what_was_synced_is_left_and_the_rest_may_be_lost() {
    let write = |offset: usize, byte: u8| Record::Write { inode: 7, offset, bytes: vec![byte; 2 * SECTOR] };
    let trace = [
        Record::Create { inode: 7, name: "new".into() },
        write(0, 1),
        Record::Sync { inode: 7, begun: 2 },
        Record::Rename { from: "new".into(), to: "a".into() },
        Record::SyncFolder { name: ".".into(), begun: 4 },
        write(SECTOR, 2),
        // Begun before that write, so it does not cover it.
        Record::Sync { inode: 7, begun: 5 },
    ];
    let mut disk = Disk::default();
    trace.iter().zip(0..).for_each(|(record, index)| disk.apply(index, record));
    let mut chance = Chance::new(1);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let left = tempfile::tempdir().unwrap();
        disk.cut(&mut chance, left.path());
        assert_eq!(super::names(left.path()), ["a"]);
        let bytes = std::fs::read(left.path().join("a")).unwrap();
        assert!(bytes[..SECTOR].iter().all(|byte| *byte == 1), "what was synced is lost");
        seen.insert(bytes.chunks(SECTOR).map(|sector| sector[0]).collect::<Vec<_>>());
    }
    let all = [vec![1, 1], vec![1, 1, 2], vec![1, 2], vec![1, 2, 2]];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
}
