import { behind } from "./stories.mjs";

behind("nginx", "");
behind("nginx", "/chat");
