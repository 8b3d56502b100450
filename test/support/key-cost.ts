/**
 * The cost of deriving keys in tests that are not about it: 1 MiB and some milliseconds instead of 64 MiB and some
 * tenths of a second for every key. That servers of their own process, and encryption.test.ts, use the usual cost
 * shows that it is no more than a number.
 */
export const CHEAP_KEYS = 10;
