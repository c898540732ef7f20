/** This node must not run the session, now or later: another try would end the same. The message is for its user. */
export class StartRefused extends Error {
  override name = 'StartRefused';
}
