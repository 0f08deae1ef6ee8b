/** Deutsch. */
export default {
  // ---- what went wrong
  "problem.offline": "Der Server ist nicht zu erreichen.",

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
