/**
 * The HTTP client library, of which this is the only door: one-off questions use `Agent` and `request`,
 * the router a `Pool` for each instance. What else it can do is not used.
 */
export { Agent, type Dispatcher, Pool, request } from 'undici';
