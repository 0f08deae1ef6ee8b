//! Disks that fail and clocks that jump: `faults.c`, loaded into the server, and the numbers that it goes by.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What can be set while the server runs: places in the control file, as in `faults.c`.
#[derive(Clone, Copy)]
pub enum Fault {
    /// Bytes that files may still grow by; below 0: any.
    Room = 0,
    /// 1: syncs fail with EIO.
    SyncFails = 1,
    /// How wrong the wall clock is, in seconds.
    ClockSeconds = 2,
    /// The operation before which the process dies of SIGKILL; 0: none.
    DieAt = 3,
    /// How many operations there were.
    Operations = 4,
    /// How much longer a sync takes, in microseconds.
    SyncMicroseconds = 5,
    /// 1: syncs do not return as long as this is set.
    SyncHeld = 7,
}

/// The faults of one data folder.
pub struct Faults {
    root: PathBuf,
    folder: TempDir,
    control: File,
}

impl Faults {
    /// None yet, for what is below `root`.
    pub fn new(root: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/data/faults.c");
        let library = folder.path().join("faults.so");
        let mut compile = Command::new("cc");
        compile.args(["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source);
        assert!(compile.status().expect("a C compiler").success());
        let options = &mut OpenOptions::new();
        let control = options.create_new(true).read(true).write(true).open(folder.path().join("control")).unwrap();
        let faults = Self { root: root.to_owned(), folder, control };
        faults.calm();
        faults
    }

    /// Ends all faults, and counts anew.
    pub fn calm(&self) {
        [-1, 0, 0, 0, 0, 0, 0, 0].iter().zip(0..).for_each(|(value, at)| self.put(at, *value));
    }

    /// Loads them into what is started by this.
    pub fn load(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.folder.path().join("faults.so"));
        command.env("FAULTS_CONTROL", self.folder.path().join("control")).env("FAULTS_ROOT", &self.root);
    }

    /// Also has everything written down that happens to the files.
    pub fn trace(&self, command: &mut Command) {
        self.load(command);
        command.env("FAULTS_TRACE", self.trace_path());
    }

    /// Where that is.
    pub fn trace_path(&self) -> PathBuf {
        self.folder.path().join("trace")
    }

    pub fn set(&self, fault: Fault, value: i64) {
        self.put(fault as u64, value);
    }

    pub fn get(&self, fault: Fault) -> i64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, fault as u64 * 8).unwrap();
        i64::from_ne_bytes(bytes)
    }

    fn put(&self, at: u64, value: i64) {
        self.control.write_all_at(&value.to_ne_bytes(), at * 8).unwrap();
    }
}
