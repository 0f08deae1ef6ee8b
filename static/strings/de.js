/** Deutsch. */
export default {
  // ---- what went wrong
  "problem.offline": "Der Server ist nicht zu erreichen.",

  // ---- the shell
  "shell.check_connection": "Prüfe deine Verbindung. Vielleicht startet der Server gerade neu.",
  "shell.try_again": "Noch einmal",

  // ---- the door: sign in, register, invites

  // ---- servers and channels

  // ---- messages

  // ---- writing

  // ---- people

  // ---- search, switcher, shortcuts

  // ---- one's own settings

  // ---- a server's settings

  // ---- help and administration
};
