/** English. */
export default {
  // ---- what went wrong
  "problem.offline": "The server cannot be reached.",

  // ---- the shell
  "shell.check_connection": "Check your connection. The server may be starting again.",
  "shell.try_again": "Try again",

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
