import { expect, it } from 'vitest';
import { ArchivePlaces } from './archive-places.ts';

it('gives a workspace half of the places, and each back once', () => {
  const places = new ArchivePlaces('packs # archives');
  const first = places.take('a');
  places.take('a');
  expect(() => places.take('a')).toThrow('This node packs 2 archives of this workspace already.');
  places.take('b');
  places.take('c');
  expect(() => places.take('d')).toThrow('This node packs 4 archives already.');
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  places.take('a');
  expect(() => places.take('d')).toThrow('4 archives already');
});
