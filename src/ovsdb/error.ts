/** What can go wrong between here and an ovsdb-server. */

/** The connection could not be made, broke, or a time limit passed: nothing is known of requests on their way. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** The server answered with an error: RFC 7047, section 3.1, with its error string and details. */
export class OvsdbError extends Error {
  override readonly name = 'OvsdbError';

  constructor(
    /** The server's error string, such as "constraint violation" or "timed out". */
    readonly error: string,
    readonly details: string,
    /**
     * Number of the operation that failed; the number of operations when it failed at commit; undefined for the whole
     * request.
     */
    readonly operation?: number,
  ) {
    super(`ovsdb-server answered "${error}"${details === '' ? '' : `: ${details}`}`);
  }
}
