/**
 * Preloaded (`--import`) into processes of tests and into their threads: whoever asks JavaScript for
 * the wall clock, in this package, in a library or in Node, gets another time each time, days
 * apart, forwards and backwards.
 */
const DAY_MS = 86_400_000;
const trueNow = Date.now.bind(Date);
let looks = 0;

Date.now = () => trueNow() + (((++looks * 7919) % 61) - 30) * DAY_MS;

globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget),
});
