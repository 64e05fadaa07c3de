/**
 * Actors by the folders of their paths, with sums for each folder: /user/shop/cart-1 is in /user/shop, which
 * is in /user. An actor's folder is found once; sums are plain additions over columns.
 */
import type { ActorColumns } from './actor-columns.ts';

/** A folder: what its actors, and those of the folders in it, do together. */
export type Folder = {
  readonly path: string;
  readonly name: string;
  readonly parent: Folder | null;
  readonly folders: Folder[];
  readonly index: number;
  /** Rows of actors that are in it, not in a folder in it; filled for the folder that is looked at only. */
  actors: number;
  depth: number;
  restarts: number;
  rate: number;
};

/** Folders beyond these are counted in their parents. */
const FOLDERS_MAX = 20_000;

/** All folders. */
export class PathTree {
  readonly root: Folder;
  private readonly actors: ActorColumns;
  private readonly byPath: Map<string, Folder>;
  private readonly all: Folder[];
  private folderOf: Int32Array;
  private seenStamp: number;

  constructor(actors: ActorColumns) {
    this.actors = actors;
    this.root = folder('', '', null, 0);
    this.byPath = new Map([['', this.root]]);
    this.all = [this.root];
    this.folderOf = new Int32Array(0);
    this.seenStamp = -1;
  }

  /** Undefined: nobody is in it. */
  at(path: string): Folder | undefined {
    return this.byPath.get(path);
  }

  /** Rows of the actors that are in a folder itself. */
  rowsIn({ index }: Folder): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.actors.end; row++) {
      if (this.folderOf[row] === index && this.actors.isThere[row] === 1) rows.push(row);
    }
    return rows;
  }

  /** As things are now. */
  recompute(): void {
    this.findFolders();
    const { actors, all, folderOf } = this;
    for (const each of all) {
      each.actors = 0;
      each.depth = 0;
      each.restarts = 0;
      each.rate = 0;
    }
    for (let row = 0; row < actors.end; row++) {
      if (actors.isThere[row] !== 1) continue;
      const own = all[folderOf[row] as number] as Folder;
      own.actors++;
      own.depth += actors.depth[row] as number;
      own.restarts += actors.restarts[row] as number;
      own.rate += actors.rate[row] as number;
    }
    // A folder comes after its parent, so from the end each sum is whole when it is added.
    for (let index = all.length - 1; index > 0; index--) {
      const each = all[index] as Folder;
      const parent = each.parent as Folder;
      parent.actors += each.actors;
      parent.depth += each.depth;
      parent.restarts += each.restarts;
      parent.rate += each.rate;
    }
  }

  private findFolders(): void {
    const { actors } = this;
    if (this.folderOf.length < actors.end) {
      const larger = new Int32Array(actors.capacity);
      larger.set(this.folderOf);
      this.folderOf = larger;
    }
    for (let row = 0; row < actors.end; row++) {
      if ((actors.nameStamps[row] as number) <= this.seenStamp) continue;
      const path = actors.paths[row] as string;
      this.folderOf[row] = this.folder(path.slice(0, path.lastIndexOf('/'))).index;
    }
    this.seenStamp = actors.stamp;
  }

  private folder(path: string): Folder {
    const known = this.byPath.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf('/');
    const parent = this.folder(path.slice(0, Math.max(0, slash)));
    if (this.all.length >= FOLDERS_MAX) return parent;
    const made = folder(path, path.slice(slash + 1), parent, this.all.length);
    this.all.push(made);
    this.byPath.set(path, made);
    parent.folders.push(made);
    return made;
  }
}

function folder(path: string, name: string, parent: Folder | null, index: number): Folder {
  return { path, name, parent, folders: [], index, actors: 0, depth: 0, restarts: 0, rate: 0 };
}
