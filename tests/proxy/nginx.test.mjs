import { behind, withoutPublicUrl } from "./stories.mjs";

behind("nginx", "");
behind("nginx", "/chat");
withoutPublicUrl("nginx");
