export declare function systemMirror(): Promise<string>;

export declare class Apt {
  constructor(folder: string, mirror: string, suite: string);
  update(): Promise<void>;
  download(folder: string, packages: readonly string[], onCount: (count: number) => void): Promise<string[]>;
}
