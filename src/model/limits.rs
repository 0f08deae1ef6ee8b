//! Every bound on what comes from outside, with its why. `chatd help limits` prints this list.

use std::time::Duration;

/// Bytes in a mebibyte.
const MIB: u64 = 1024 * 1024;

macro_rules! limits {
    ($($(#[doc = $why:literal])+ $name:ident: $type:ty = $value:expr;)*) => {
        $($(#[doc = $why])+ pub const $name: $type = $value;)*

        /// Name, value and why of every limit, for `chatd help limits`.
        pub const ALL: &[(&str, &(dyn std::fmt::Debug + Sync), &str)] =
            &[$((stringify!($name), &$name, concat!($($why, " ",)+)),)*];
    };
}

limits! {
    // ---- the network edge
    /// Request head in bytes: 431 above. Browsers send 1-2 KiB.
    HEAD_BYTES: usize = 16 * 1024;
    /// Header fields in a head: 431 above.
    HEAD_FIELDS: usize = 100;
    /// Request target in bytes: 414 above.
    TARGET_BYTES: usize = 8 * 1024;
    /// Body of an ordinary request in bytes: 413 above.
    BODY_BYTES: usize = 256 * 1024;
    /// JSON nesting: 400 or 4002 above. The API needs 4; a small stack carries 16 with ease.
    JSON_DEPTH: usize = 16;
    /// A whole head must have come within this time of its first byte, however slowly it trickles.
    HEAD_TIME: Duration = Duration::from_secs(10);
    /// An idle keep-alive connection is closed after this.
    KEEP_ALIVE: Duration = Duration::from_secs(60);
    /// A body has this time, plus one second for each `BODY_BYTES_PER_S` bytes.
    BODY_TIME: Duration = Duration::from_secs(10);
    /// The slowest body that is still waited for, in bytes per second.
    BODY_BYTES_PER_S: u64 = 8 * 1024;
    /// A client that must be waited for has this time without taking a byte of its response; and in all this time, plus
    /// one second for each `BODY_BYTES_PER_S` bytes that it takes meanwhile.
    WRITE_TIME: Duration = Duration::from_secs(15);
    /// After a refused body, this much of it is still read so that the client sees the answer instead of a reset.
    DRAIN_BYTES: usize = 256 * 1024;
    /// Connections in all.
    CONNECTIONS: usize = 10_000;
    /// Connections per address (IPv4 /32, IPv6 /64); loopback and trusted proxies are exempt.
    CONNECTIONS_PER_ADDRESS: usize = 200;
    /// Stack of a connection's thread in bytes: argon2 needs 64 KiB of it, the rest is never touched. It is over four
    /// times a gateway's, so that glibc gives no gateway the used stack of a connection that has ended: 7 KB more each.
    CONNECTION_STACK: usize = 640 * 1024;

    // ---- the gateway
    /// A WebSocket message from a client in bytes: 1009 above.
    GATEWAY_MESSAGE_BYTES: usize = 16 * 1024;
    /// IDENTIFY must come within this of HELLO.
    IDENTIFY_TIME: Duration = Duration::from_secs(10);
    /// The heartbeat interval told in HELLO, unless configured.
    HEARTBEAT_INTERVAL: Duration = Duration::from_secs(30);
    /// Frames from a client in `GATEWAY_FRAMES_WINDOW`: 4008 above.
    GATEWAY_FRAMES: u32 = 120;
    /// The window for `GATEWAY_FRAMES`.
    GATEWAY_FRAMES_WINDOW: Duration = Duration::from_secs(60);
    /// Unsent bytes for one socket, CONNECTED and a replay not counted: 4010 above.
    BACKLOG_BYTES: usize = 256 * 1024;
    /// A socket that takes nothing for this long is cut with 4010.
    STALL_TIME: Duration = Duration::from_secs(15);
    /// After a close frame the socket may linger for this long.
    CLOSE_TIME: Duration = Duration::from_secs(5);
    /// Written events kept for RESUME.
    RESUME_EVENTS: usize = 1_000;
    /// The same in bytes. More than the kernel takes for a client that does not read: such a one can still RESUME.
    RESUME_BYTES: usize = 16 * 1024 * 1024;
    /// Events gathered for a dropped session before it is forgotten.
    PARKED_EVENTS: usize = 4_096;
    /// The same in bytes. Sessions share an event's bytes, but may each see others.
    PARKED_BYTES: usize = 16 * 1024 * 1024;
    /// A dropped session waits for RESUME this long.
    PARKED_TIME: Duration = Duration::from_secs(300);
    /// A user reads offline this long after the last connection went.
    PRESENCE_GRACE: Duration = Duration::from_secs(5);
    /// A TYPING_START is passed on once in this time per user and channel.
    TYPING_TIME: Duration = Duration::from_secs(3);
    /// Threads that make CONNECTED: clients that come back all at once take turns.
    SCREEN_THREADS: usize = 2;
    /// Stack of an upgraded connection's thread in bytes.
    GATEWAY_STACK: usize = 128 * 1024;
    /// Gateway connections per user: the next closes 4008.
    GATEWAYS_PER_USER: usize = 20;
    /// Online members listed per server in CONNECTED.
    PRESENCES_PER_SERVER: usize = 1_000;

    // ---- the store
    /// Jobs in one commit.
    BATCH_JOBS: usize = 1_024;
    /// Events waiting for the fan-out before writers wait too.
    EVENT_QUEUE: usize = 8_192;
    /// Read state and own-message marks are on disk within this time.
    READ_STATE_DELAY: Duration = Duration::from_secs(5);
    /// Rows removed by one step of a sweep, so that nobody waits long behind it.
    SWEEP_ROWS: usize = 500;
    /// Messages that one step puts into the search index; so many must wait before there is a step.
    SEARCH_BATCH: usize = 512;
    /// So many of them at least, before those that somebody waits for go first.
    SEARCH_GLANCE: usize = 32;
    /// Messages that wait for the search index before writers wait for it too.
    SEARCH_TAIL: usize = 8_192;
    /// Messages whose nonces come into their table at once; so many must have been written since.
    NONCE_BATCH: usize = 512;
    /// Messages whose nonces are kept in memory before writers wait for the table.
    NONCE_TAIL: usize = 4_096;
    /// A file that is given up, in bytes, when the disk is full, so that deleting works: a log before its checkpoint
    /// has 4 MB.
    RESERVE_BYTES: u64 = 8 * MIB;
    /// Connections that read the database.
    READERS: usize = 4;

    // ---- pressure: what is given up while the oldest write or event waits for longer than this
    /// Pictures get their colour and thumbnail later.
    LATE_FOR_THUMBNAILS: Duration = Duration::from_millis(250);
    /// A picture waits for those for so long, and then does without: somebody waits for the upload's answer.
    PREVIEW_TIME: Duration = Duration::from_secs(10);
    /// The search index follows later.
    LATE_FOR_SEARCH_INDEXING: Duration = Duration::from_millis(500);
    /// Messages that wait for the search index, in all: then it is done however late all else is.
    SEARCH_TAIL_MAX: usize = 4 * SEARCH_TAIL;
    /// Nobody is told who types.
    LATE_FOR_TYPING: Duration = Duration::from_secs(1);
    /// Who came and went is told later.
    LATE_FOR_PRESENCE: Duration = Duration::from_secs(2);
    /// All writes but messages are refused: 503.
    LATE_FOR_OTHER_WRITES: Duration = Duration::from_secs(5);
    /// Messages too. Clients mostly give up after 30 s: what they are told in time they know.
    LATE_FOR_MESSAGES: Duration = Duration::from_secs(10);
    /// It stays so for this long after the last that was so late: a little quiet is no end of it.
    LATE_HOLD: Duration = Duration::from_secs(2);
    /// Who is refused for it may come again after this many seconds: when it has been quiet, and somewhat later.
    LATE_RETRY_S: u64 = 5;

    // ---- backups
    /// Backups that are kept, unless configured.
    BACKUPS_KEPT: usize = 7;
    /// So often one is made.
    BACKUP_EVERY: Duration = Duration::from_secs(24 * 3600);
    /// None is made earlier after a start: everybody comes back then.
    BACKUP_AFTER: Duration = Duration::from_secs(300);
    /// When one failed, the next is tried after this.
    BACKUP_AGAIN: Duration = Duration::from_secs(3600);
    /// While chatd serves, whoever makes a backup rests after so much work: with 5 ms the p99 of messages was 3.1 times
    /// that of a calm time, with 1 ms 1.3 to 1.7 times.
    BACKUP_WORK: Duration = Duration::from_millis(1);
    /// For so many times as long as it worked,
    BACKUP_REST: u32 = 3;
    /// but no longer than this, however slow the disk: else a backup would never end.
    BACKUP_REST_MAX: Duration = Duration::from_secs(1);

    // ---- accounts
    /// Username in characters, at least.
    USERNAME_MIN: usize = 2;
    /// Username in characters, at most.
    USERNAME_MAX: usize = 32;
    /// Password in characters, at least, unless configured.
    PASSWORD_MIN: usize = 10;
    /// Password in characters, at most: argon2's cost does not grow with it, but the body does.
    PASSWORD_MAX: usize = 256;
    /// Access token lifetime in seconds.
    ACCESS_TOKEN_S: u64 = 900;
    /// Clock tolerance of access tokens in seconds.
    TOKEN_TOLERANCE_S: u64 = 30;
    /// Access token in bytes.
    TOKEN_BYTES: usize = 4 * 1024;
    /// Refresh token lifetime in seconds, counted from its last use.
    REFRESH_TOKEN_S: i64 = 60 * 24 * 3600;
    /// A refresh token used again within this many milliseconds of its rotation answers as before: the answer was lost.
    REFRESH_GRACE_MS: i64 = 10_000;
    /// Sign-in sessions per user: the next one ends the longest unused.
    SESSIONS_PER_USER: usize = 50;
    /// argon2 runs at once: each takes 19 MiB.
    HASHERS: usize = 2;
    /// Sign-ins waiting for argon2 before 429.
    HASH_QUEUE: usize = 32;

    /// A link that sets a new password is good for this many seconds of the instance's life: a day. There is one per user.
    RESET_TOKEN_S: i64 = 24 * 3600;

    // ---- administration
    /// Sizes that an administrator sets, in bytes, at least.
    SET_BYTES_MIN: u64 = MIB;
    /// The same, at most: a tebibyte.
    SET_BYTES_MAX: u64 = 1024 * 1024 * MIB;
    /// What the command line asks of the server that runs, in bytes.
    CONTROL_BYTES: usize = 16 * 1024;
    /// What it is answered, in bytes: a list of 100,000 accounts.
    CONTROL_ANSWER_BYTES: usize = 16 * 1024 * 1024;
    /// It must have asked, and taken the answer, within this time: one after the other is heard.
    CONTROL_TIME: Duration = Duration::from_secs(10);

    // ---- rates: (how many, in how long)
    /// Sign-ins per address.
    RATE_SIGN_IN: (u32, Duration) = (10, Duration::from_secs(60));
    /// Registrations per address.
    RATE_REGISTER: (u32, Duration) = (5, Duration::from_secs(3600));
    /// Registrations per address that carry a valid invite.
    RATE_REGISTER_INVITED: (u32, Duration) = (60, Duration::from_secs(3600));
    /// Wrong invite codes per address.
    RATE_INVITE_GUESS: (u32, Duration) = (10, Duration::from_secs(60));
    /// Messages per user and channel.
    RATE_MESSAGE: (u32, Duration) = (10, Duration::from_secs(10));
    /// Other writes per user.
    RATE_WRITE: (u32, Duration) = (60, Duration::from_secs(60));
    /// Reads per user.
    RATE_READ: (u32, Duration) = (600, Duration::from_secs(60));

    // ---- content
    /// Display name, nickname and the like in characters.
    DISPLAY_NAME: usize = 32;
    /// User bio in characters.
    BIO: usize = 190;
    /// Server, channel and role name in characters.
    NAME: usize = 100;
    /// Server description in characters.
    DESCRIPTION: usize = 1024;
    /// Channel topic in characters.
    TOPIC: usize = 1024;
    /// Reason of a ban, or of anything else in an audit log, in characters.
    REASON: usize = 512;
    /// Colour of a role, at most.
    COLOR: u32 = 0x00FF_FFFF;
    /// Message content in characters.
    CONTENT: usize = 4_000;
    /// People, and roles, that one message mentions; more are plain text.
    MENTIONS: usize = 100;
    /// Unread messages of a channel that are counted, and named, as speaking to somebody.
    UNREAD_COUNTED: usize = 100;
    /// The same of all channels together in CONNECTED; of the rest it says only how many mention the user.
    UNREAD_NAMED: usize = 1_000;
    /// Channels that are looked through for the number on the program's icon, and when somebody is blocked.
    UNREAD_CHANNELS: usize = 200;
    /// Rows of a channel that are looked through for them.
    UNREAD_LOOKED_AT: usize = 1_000;
    /// Characters of a message that a reply to it shows.
    REPLY_PREVIEW: usize = 200;
    /// One emoji in bytes.
    EMOJI_BYTES: usize = 64;
    /// Kinds of reaction to a message.
    REACTION_KINDS: usize = 20;
    /// Pinned messages of a channel.
    PINS_PER_CHANNEL: usize = 250;
    /// The settings that a user's clients share, in bytes of JSON.
    SETTINGS_BYTES: usize = 16 * 1024;
    /// Nonce in characters.
    NONCE: usize = 64;
    /// A nonce is remembered for this many milliseconds.
    NONCE_MS: i64 = 24 * 3600 * 1000;
    /// Items in a page, at most.
    PAGE: usize = 100;
    /// Items in a page unless asked otherwise.
    PAGE_DEFAULT: usize = 50;
    /// A search query in characters.
    SEARCH_QUERY: usize = 256;
    /// Messages in a page of a search unless asked otherwise.
    SEARCH_DEFAULT: usize = 25;
    /// Messages that the search index may propose for one page; behind them the page ends, and the next goes on.
    SEARCH_CANDIDATES: usize = 2_000;
    /// Servers a user may be in.
    SERVERS_PER_USER: usize = 100;
    /// Channels of a server, categories included.
    CHANNELS_PER_SERVER: usize = 500;
    /// Roles of a server, `everyone` included.
    ROLES_PER_SERVER: usize = 250;
    /// People a user may block.
    BLOCKS_PER_USER: usize = 1_000;
    /// A ban may take the messages of this many seconds with it, at most: a week.
    BAN_DELETE_SECONDS: u32 = 604_800;
    /// Live invites of a server.
    INVITES_PER_SERVER: usize = 100;
    /// Entries of a server's audit log; older ones go, day by day. Counted and not timed: a clock that jumps takes none.
    AUDIT_ENTRIES: usize = 100_000;
    /// Uses that an invite may be limited to.
    INVITE_USES: u32 = 1_000;
    /// Lifetime of an invite in seconds, at most.
    INVITE_SECONDS: u32 = 31_536_000;
    /// Lifetime of an invite in seconds unless asked otherwise: a week.
    INVITE_SECONDS_DEFAULT: u32 = 7 * 24 * 3600;
    /// An upload in bytes, unless configured: 413 above.
    UPLOAD_BYTES: u64 = 25 * MIB;
    /// What a user's files take on disk in bytes, unless configured: 409 above. Each counts as whole `FILE_BLOCK_BYTES`.
    USER_FILES_BYTES: u64 = 1024 * MIB;
    /// Each file takes whole blocks of a file system: many tiny ones must not be free.
    FILE_BLOCK_BYTES: u64 = 4 * 1024;
    /// Uploads and backups leave so many bytes of the disk free, unless configured, so that text still works.
    DISK_RESERVE_BYTES: u64 = 500 * MIB;
    /// On a disk under 10 GB the reserve is this share of it, in percent.
    DISK_RESERVE_PERCENT: u64 = 5;
    /// Name of a file in bytes: more fits no file system.
    FILE_NAME_BYTES: usize = 255;
    /// A declared media type in bytes (RFC 6838 §4.2).
    MEDIA_TYPE_BYTES: usize = 127;
    /// An upload that nothing uses is kept for this many seconds of the instance's life.
    UNUSED_FILE_S: i64 = 3600;
    /// Files of a message.
    ATTACHMENTS: usize = 10;
    /// A picture larger than this on a side, in pixels, gets a thumbnail.
    THUMBNAIL_ABOVE_SIDE: u32 = 1024;
    /// A picture larger than this in bytes gets a thumbnail.
    THUMBNAIL_ABOVE_BYTES: u64 = 300 * 1000;
    /// Side of a thumbnail in pixels, at most: sharp on a dense screen at the width of a message.
    THUMBNAIL_SIDE: u32 = 800;
    /// Pixels of a picture that is decoded: phones make 12 to 24 million. Larger ones are shown as they are.
    DECODED_PIXELS: u64 = 24_000_000;
    /// Memory for decoding a picture in bytes.
    DECODED_BYTES: u64 = 128 * MIB;
    /// Pictures that wait to be decoded; the next ones get no thumbnail and no colour.
    DECODER_QUEUE: usize = 16;
    /// Stack of the decoder's thread in bytes.
    DECODER_STACK: usize = 2 * 1024 * 1024;
    /// People in a group DM, the opener included.
    GROUP_DM: usize = 10;

    // ---- notifications by push
    /// Push subscriptions of a user.
    PUSH_SUBSCRIPTIONS: usize = 20;
    /// A push service's address for a browser in bytes. The longest that are known have 600.
    PUSH_ENDPOINT_BYTES: usize = 2 * 1024;
    /// Events that wait to be looked at for whom to tell by push; more are passed over, and counted.
    PUSH_EVENTS: usize = 4_096;
    /// Pushes that wait to be sent; the oldest gives way to the next, and is counted.
    PUSH_QUEUE: usize = 10_000;
    /// Notifications that may still be shown somewhere, remembered to be withdrawn.
    PUSH_SHOWN: usize = 20_000;
    /// Characters of a message in a push: more than a phone shows.
    PUSH_BODY: usize = 300;
    /// A push of a message is of use for so long, wherever it waits.
    PUSH_MESSAGE_TIME: Duration = Duration::from_secs(24 * 3600);
    /// The same of one that withdraws it.
    PUSH_READ_TIME: Duration = Duration::from_secs(3600);
    /// A push service must answer within this, its name's look-up, connecting and TLS included.
    PUSH_TIME: Duration = Duration::from_secs(8);
    /// Of that, for looking its name up, and for connecting to one of its addresses.
    PUSH_CONNECT_TIME: Duration = Duration::from_secs(4);
    /// Head and body of a push service's answer in bytes; of what is longer the connection is closed.
    PUSH_ANSWER_BYTES: usize = 16 * 1024;
    /// What failed is tried again after this, then after twice as long, and so on.
    PUSH_RETRY: Duration = Duration::from_secs(10);
    /// But after no longer than this.
    PUSH_RETRY_MAX: Duration = Duration::from_secs(3600);
    /// A subscription of which for so many seconds nothing but failures came is removed: a week.
    PUSH_FAILING_S: i64 = 7 * 24 * 3600;
    /// How long the token is good by which push services know us, in seconds; RFC 8292 allows a day.
    PUSH_TOKEN_S: u64 = 12 * 3600;
    /// Deliveries that a user's push log remembers.
    PUSH_LOG: usize = 50;
    /// Users with a push log; the one longest without a push loses theirs.
    PUSH_LOGS: usize = 1_000;
    /// Connections to push services that are kept for the next push.
    PUSH_CONNECTIONS: usize = 8;
}
