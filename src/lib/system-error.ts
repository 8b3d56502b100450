/** What the system's error codes mean, for whoever has to mend it. */
import { errnoOf, messageOf } from './error.js';

const NOT_ALLOWED = 'this process may not do that there';
const NO_ROUTE = 'no route leads there';
const CANNOT = 'the file system cannot do that';

const MEANINGS: Readonly<Record<string, string>> = {
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  EROFS: 'the file system is mounted read-only',
  ENOENT: 'it is not there',
  EEXIST: 'there is a file of that name',
  ENOTDIR: 'a part of the path is a file and no folder',
  EISDIR: 'it is a folder and no file',
  ENOTEMPTY: 'the folder has files in it',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'it is a link, which is not followed, or its links lead in a circle',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'the file would be too large for the file system',
  EIO: 'the disk is broken',
  ENXIO: 'its device is not there',
  ENODEV: 'its device is not there',
  ESTALE: 'the file server has lost it',
  EBUSY: 'something else uses it',
  ETXTBSY: 'something else uses it',
  EOPNOTSUPP: CANNOT,
  ENOTSUP: CANNOT,
  ENOSYS: CANNOT,
  EMFILE: 'this process has too many files open: raise its limit, with ulimit -n, or LimitNOFILE= in its unit',
  ENFILE: 'this machine has too many files open: raise fs.file-max',
  ENOMEM: 'this machine has no memory left',
  ECONNREFUSED: 'no server listens there',
  ECONNRESET: 'the other side hung up',
  EPIPE: 'the other side hung up',
  ETIMEDOUT: 'there was no answer in time',
  EHOSTUNREACH: NO_ROUTE,
  EHOSTDOWN: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  ENETDOWN: NO_ROUTE,
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name could not be looked up: no name server answers',
  EADDRINUSE: 'another process has this address',
  EADDRNOTAVAIL: 'it is no address of this machine',
  EAFNOSUPPORT: 'this machine has no addresses of this kind',
};

/** For brackets: "EACCES: this process may not do that there". Without a code of the system it is the error's text. */
export function reasonOf(error: unknown): string {
  const errno = errnoOf(error);
  if (errno === undefined) return messageOf(error);
  const meaning = MEANINGS[errno];
  return meaning === undefined ? errno : `${errno}: ${meaning}`;
}

/** The error's text, which names what was tried and where, and what its code means. */
export function explained(error: unknown): string {
  const meaning = MEANINGS[errnoOf(error) ?? ''];
  return meaning === undefined ? messageOf(error) : `${messageOf(error)}: ${meaning}`;
}
