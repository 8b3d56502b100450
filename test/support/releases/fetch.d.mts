export interface FetchedRelease {
  /** "25.03" */
  readonly name: string;
  /** Of Debian. */
  readonly suite: string;
}

export declare const FETCHED_RELEASES: readonly FetchedRelease[];
export declare function folderOf(release: FetchedRelease): string;
export declare function isFetched(release: FetchedRelease): boolean;
export declare function whyMissing(release: FetchedRelease): string | undefined;
export declare function fetchCommand(options?: { readonly again?: boolean }): [command: string, ...words: string[]];
