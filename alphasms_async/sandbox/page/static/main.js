/* Begins everything, and passes on what the sandbox tells. */

import * as account from "./account.js";
import * as autopilot from "./autopilot.js";
import * as chaos from "./chaos.js";
import * as clock from "./clock.js";
import * as filters from "./filters.js";
import * as header from "./header.js";
import * as keypad from "./keypad.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import { listen } from "./live.js";
import * as phone from "./phone.js";
import * as player from "./player.js";
import * as ring from "./ring.js";
import * as selection from "./selection.js";
import { fetchAll, takeNews } from "./store.js";
import * as story from "./story.js";
import * as views from "./views.js";

const PARTS = [
  clock,
  header,
  filters,
  list,
  player,
  keypad,
  autopilot,
  phone,
  story,
  chaos,
  account,
  ring,
  views,
  keys,
  selection,
];

// After a break anything may have happened, so everything is asked for anew.
const HEARD = {
  open: () => {
    header.showLive("live");
    fetchAll();
  },
  lost: () => header.showLive("reconnecting"),
  rows: (data) => takeNews(JSON.parse(data)),
  reload: () => fetchAll(),
};

PARTS.forEach((part) => part.start());
listen(({ type, data }) => HEARD[type](data));
