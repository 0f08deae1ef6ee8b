import { behind } from "./stories.mjs";

behind("caddy", "");
behind("caddy", "/chat");
