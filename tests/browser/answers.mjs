/** What a server in trouble answers: states that no test can bring about on purpose. */

const DAY_S = 86_400;
const day = (days) => new Date(Date.UTC(2026, 10, 20) + days * DAY_S * 1000).toISOString();

/** `GET /admin/health` with something of everything. */
export const TROUBLED = Object.freeze({
  version: "0.1.0", started_at: day(-3), uptime_s: 3 * DAY_S + 7_000, users: 42, online: 7, gateways: 11, connections: 19, servers: 5,
  messages_approximate: 123_456, memory_bytes: 38_400_000, load: { one_minute: 0.42, cores: 4 },
  disk: {
    free_bytes: 3_100_000_000, total_bytes: 31_200_000_000, database_bytes: 412_000_000, log_bytes: 4_200_000, files_bytes: 9_400_000_000,
    backups_bytes: 2_200_000_000,
  },
  sync: { count: 45_120, p50_ms: 6.2, p99_ms: 131.7, max_ms: 412.5 },
  pressure: { late_ms: 1_200, given_up: ["thumbnails", "typing"] },
  backup: { folder: "/var/lib/chatd/backups", last_proven_at: day(-9), age_s: 9 * DAY_S, last_error: "No space left on device" },
  findings: [
    { severity: "notice", code: "backups_on_same_disk", text: "the backups are on the disk that the data is on: they would die with it", advice: "put them on another disk" },
    { severity: "error", code: "backup_failing", text: "the last backup into /var/lib/chatd/backups failed: No space left on device", advice: "mend that" },
    { severity: "warning", code: "of_a_later_version", text: "something that this client has no words for", advice: "do what the server says" },
  ],
});

/** The same of a server that has just begun and lacks nothing. */
export const YOUNG = Object.freeze({
  version: "0.1.0", started_at: day(0), uptime_s: 5, users: 1, online: 0, gateways: 0, connections: 1, servers: 0, memory_bytes: 9_000_000, load: null,
  disk: { free_bytes: 30_000_000_000, total_bytes: 31_200_000_000, database_bytes: 200_000, log_bytes: 0, files_bytes: 0, backups_bytes: null },
  sync: { count: 0, p50_ms: null, p99_ms: null, max_ms: null }, pressure: { late_ms: 0, given_up: [] },
  backup: { folder: null, last_proven_at: null, age_s: null, last_error: null }, findings: [],
});
