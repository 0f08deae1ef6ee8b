import { behind, withoutPublicUrl } from "./stories.mjs";

behind("caddy", "");
behind("caddy", "/chat");
withoutPublicUrl("caddy");
