import { expect, it } from 'vitest';
import { decideRestore, type RestoreFacts, type StoreMode } from './decide-restore.ts';

const clean = { clean: true };
const unclean = { clean: false };
const nothing = { present: false, copy: null };
const mine = { present: true, copy: 'dir_1' };
const stale = { present: true, copy: 'dir_0' };
const unmarked = { present: true, copy: null };

type Row = [
  string,
  StoreMode,
  local: RestoreFacts['local'],
  node: string | null,
  copy: string | null,
  unsaved: boolean,
  archive: { clean: boolean } | null,
  holderLives: boolean,
  expected: string,
];

it.each<Row>([
  ['a new session', 'local', nothing, null, null, false, null, false, 'fresh'],
  ['a first file that is about to be written', 'local', nothing, null, null, true, null, false, 'fresh'],
  ['files that came before the first start', 'archives', unmarked, null, null, true, null, false, 'use'],
  ['the same copy', 'local', mine, 'a', 'dir_1', true, null, true, 'use'],
  ['the same copy, stored', 'archives', mine, 'a', 'dir_1', false, clean, true, 'use'],
  ['the same copy, though the row names another node', 'archives', mine, 'b', 'dir_1', true, clean, true, 'use'],
  ['from before there were markers', 'local', unmarked, 'a', null, true, null, true, 'use'],
  ['the same, on another node', 'local', unmarked, 'b', null, true, null, true, 'lose'],
  ['a stale copy, and nothing stored', 'local', stale, 'b', 'dir_1', true, null, true, 'lose'],
  ['an unmarked leftover', 'archives', unmarked, 'b', 'dir_1', false, clean, false, 'restore'],
  ['a stale copy, all stored', 'archives', stale, 'b', 'dir_1', false, clean, true, 'restore'],
  ['all stored, the holder gone', 'archives', nothing, 'b', 'dir_1', false, clean, false, 'restore'],
  ['stored while its process lived', 'archives', nothing, 'b', 'dir_1', false, unclean, false, 'restore, lost'],
  ['changes that the holder takes with it', 'archives', nothing, 'b', 'dir_1', true, clean, false, 'restore, lost'],
  ['changes that the holder will store', 'archives', nothing, 'b', 'dir_1', true, clean, true, 'wait'],
  ['never stored, and the holder lives', 'archives', nothing, 'b', 'dir_1', true, null, true, 'wait'],
  ['never stored, and the holder is gone', 'archives', nothing, 'b', 'dir_1', true, null, false, 'lose'],
  ['nothing was ever in it', 'archives', nothing, 'b', 'dir_1', false, null, true, 'fresh'],
  ['a stale copy of what is empty now', 'local', stale, 'b', 'dir_1', false, null, true, 'fresh'],
  ['this node lost its disk', 'archives', nothing, 'a', 'dir_1', true, clean, true, 'restore, lost'],
  ['this node lost its disk, nothing stored', 'local', nothing, 'a', 'dir_1', true, null, true, 'lose'],
  ['the store was taken away', 'local', nothing, 'b', 'dir_1', true, clean, true, 'restore, lost'],
  ['shared', 'shared', mine, 'b', 'dir_1', true, null, true, 'use'],
  ['shared, from before', 'shared', unmarked, 'b', 'dir_1', true, null, true, 'use'],
  ['shared, a stale copy of a disk that was not', 'shared', stale, 'b', 'dir_1', true, null, true, 'lose'],
  ['shared, and not there', 'shared', nothing, 'b', 'dir_1', true, null, true, 'refuse'],
  ['shared, new', 'shared', nothing, 'b', 'dir_1', false, null, true, 'fresh'],
  ['shared now, archives before', 'shared', nothing, 'b', 'dir_1', false, clean, true, 'restore'],
])('%s (%s)', (_what, mode, local, node, copy, unsaved, archive, holderLives, expected) => {
  const decision = decideRestore({ mode, here: 'a', local, row: { node, copy, unsaved, archive }, holderLives });
  expect(decision.do === 'restore' && decision.lost ? 'restore, lost' : decision.do).toBe(expected);
});
