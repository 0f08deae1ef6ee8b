/** Our own small set of icons: strokes on a grid of 24. */
const PATHS = {
  check: "M5 12.500l4.500 4.500L19 7.500",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  crown: "M4 18h16M4.500 15 4 7.500l4.500 3.500L12 5l3.500 6L20 7.500 19.500 15z",
  download: "M12 4v11M7 10.500l5 5 5-5M5 20h14",
  down: "M12 5v13M6.500 12.500 12 18l5.500-5.500",
  edit: "M5 19l1-4L16 5l3 3L9 18z",
  expand: "M6.500 9.500 12 15l5.500-5.500",
  file: "M7 3.500h6.500L18 8v12.500H7zM13 4v4.500h4.500",
  hash: "M10 4 8 20M16 4l-2 16M4.500 9h15.500M4 15h15.500",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.600 9.500a2.500 2.500 0 1 1 3.700 2.200c-.900.500-1.300 1-1.300 1.900M12 16.700v.100",
  invite: "M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM3 20c.500-3.500 3.200-5.500 7-5.500 1.400 0 2.600.300 3.600.700M18 14v6M15 17h6",
  left: "M14.500 6 8.500 12l6 6",
  link: "M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1",
  menu: "M4 7h16M4 12h16M4 17h16",
  message: "M6 5h12a2.500 2.500 0 0 1 2.500 2.500v6A2.500 2.500 0 0 1 18 16h-5.500L8 19.800V16H6a2.500 2.500 0 0 1-2.500-2.500v-6A2.500 2.500 0 0 1 6 5z",
  more: "M6 12h.010M12 12h.010M18 12h.010",
  open: "M13 5h6v6M19 5l-8 8M16 14v5H5V8h5",
  pin: "M9 4h6l-.800 6 3.300 3.500h-11L9.800 10zM12 13.500V20",
  plus: "M12 5v14M5 12h14",
  reply: "M10 7 5 12l5 5M5.500 12H14a5 5 0 0 1 5 5v1",
  retry: "M19 12a7 7 0 1 1-2.100-5M19.500 4v4h-4",
  right: "M9.500 6l6 6-6 6",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500 20 20",
  send: "M4.500 11.500 20 4l-5.500 16-3.500-7z",
  settings: "M4 8h9M18 8h2M4 16h2M11 16h9M15.500 10.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM8.500 18.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.500 14.500c.800 1.200 2 1.800 3.500 1.800s2.700-.600 3.500-1.800M9 9.500v.500M15 9.500v.500",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l.800 12.500h8.400L17 7M10.500 11v5M13.500 11v5",
  up: "M12 19V6M6.500 11.500 12 6l5.500 5.500",
  users: "M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 19.500c.500-3.300 3-5 6.500-5s6 1.700 6.500 5M15.500 4.900a3.500 3.500 0 0 1 0 6.300M17.500 14.900c2.300.700 3.600 2.200 4 4.600",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
