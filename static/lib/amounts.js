/** Amounts of time and of other things, in the reader's words. */
import { splitBytes } from "../state/administration.js";
import { spoken } from "./words.js";

/** @type {[Intl.NumberFormatOptions["unit"], number][]} from the longest, in seconds */
const STEPS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export function numberText(value, options) {
  return new Intl.NumberFormat(spoken(), options).format(value);
}

/** 3 days, in the largest unit of which there is at least one. @param {number} seconds */
export function durationText(seconds) {
  const [unit, size] = STEPS.find(([, one]) => seconds >= one) ?? STEPS[STEPS.length - 1];
  return numberText(Math.floor(Math.max(0, seconds) / size), { style: "unit", unit, unitDisplay: "long" });
}

/** 3 days ago. @param {number} seconds */
export function agoText(seconds) {
  const [unit, size] = STEPS.find(([, one]) => seconds >= one) ?? STEPS[STEPS.length - 1];
  return new Intl.RelativeTimeFormat(spoken(), { numeric: "auto" })
    .format(-Math.floor(Math.max(0, seconds) / size), /** @type {Intl.RelativeTimeFormatUnit} */ (unit));
}

/** 1.2 ms @param {number} milliseconds */
export function millisecondsText(milliseconds) {
  return numberText(milliseconds, { style: "unit", unit: "millisecond", maximumFractionDigits: milliseconds < 10 ? 1 : 0 });
}

/** 72 % @param {number} share from 0 to 1 */
export function percentText(share) {
  return numberText(share, { style: "percent", maximumFractionDigits: 0 });
}

/** 25 MiB, as sizes are set. @param {number} bytes */
export function bytesText(bytes) {
  const { amount, unit } = splitBytes(bytes);
  return `${numberText(amount)} ${unit}`;
}
