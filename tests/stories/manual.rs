//! The manual at `/help`: everybody may read it, and its commands do what it says, as they stand there.

use std::process::Command;

use crate::harness::World;
use crate::process::{Process, chatd, run};

const OWNER: &str = include_str!("../../static/help/en/owner.html");

/// The blocks of commands that are to be run in this state of the server.
fn blocks(state: &str) -> Vec<String> {
    let begin = format!("<pre data-run=\"{state}\"><code>");
    let parts = OWNER.split(&begin).skip(1).map(|rest| rest.split("</code></pre>").next().unwrap());
    parts.map(|block| block.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).collect()
}

#[test]
fn everybody_may_read_it_without_signing_in() {
    let world = World::with(|options| options.registration = chatd::chat::Registration::Closed);
    for (path, word) in [("/help", "The first minute"), ("/help/owner", "On a bad day"), ("/help/gateway", "/api/ws")] {
        let page = world.send_root(path, None);
        assert!(page.status == 200 && page.text.contains(word), "{path}: {}", page.status);
    }
    world.send_to("/help/owner", "POST", None, &[], None).refused(405, "method_not_allowed");
    world.send_root("/help/secrets", None).refused(404, "not_found");
}

#[test]
fn its_commands_work_as_they_stand_there() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // A port of this story's own stands for the one that a service has.
    let mut server = Process::with(&data, |command| {
        command.args(["--backups", "off"]);
    });
    let here = std::path::Path::new(env!("CARGO_BIN_EXE_chatd")).parent().unwrap().to_owned();
    let path = std::env::join_paths([here, "/usr/bin".into(), "/bin".into()]).unwrap();
    let listen = server.address.to_string();
    let port = format!("localhost:{}", server.address.port());
    let shell = |block: &str| {
        let mut command = Command::new("sh");
        // The doctor finds backups off and rates unlimited, as this story has them; all others must end well.
        let block = block.replace("localhost:8080", &port);
        command.args(["-euc", &block]).current_dir(folder.path()).env_clear();
        command.env("PATH", &path).env("CHATD_DATA", &data).env("CHATD_LISTEN", &listen);
        run(&mut command)
    };
    let serving = blocks("serving");
    assert!(serving.len() >= 5, "{serving:?}");
    for block in serving {
        let said = shell(&block);
        let expected = if block == "chatd doctor" { Some(1) } else { Some(0) };
        assert_eq!(said.code, expected, "{block}\n{}{}", said.out, said.err);
        assert!(!said.out.is_empty(), "{block}");
    }
    server.stop();
    let stopped = blocks("stopped");
    assert_eq!(stopped.len(), 1);
    let said = shell(&stopped[0]).well();
    assert!(said.contains("restored ./usb/chatd-2") && said.ends_with("all is well\n"), "{said}");
}

#[test]
fn the_page_for_man_is_one() {
    let page = run(&mut chatd(&["help", "man"])).well();
    assert!(page.contains("\n.SH EXIT STATUS\n") && page.contains("CHATD_TRUSTED_PROXIES"));
}
