import type { DirectoryNote } from '../../sessions/lifecycle/directory-snapshot.ts';
import { platformNote } from './resume-plan.ts';

/**
 * What the model is to be told of moves of its working directory; null: it knows. A transcript that holds the sentence
 * of a move has told it.
 */
export function movedNote(notes: DirectoryNote[] | null, transcript: string[], work: string): string | null {
  const untold = (notes ?? []).filter((note) => !transcript.some((entry) => entry.includes(openingOf(note))));
  if (untold.length === 0) return null;
  return platformNote(untold.map((note) => sentencesOf(note, work)).join('\n'));
}

// No character of it is written otherwise in JSON.
function openingOf({ at }: DirectoryNote): string {
  return `At ${at} your session moved to another machine.`;
}

function sentencesOf(note: DirectoryNote, work: string): string {
  const { snapshot_at: taken, lost, old_path: old } = note;
  return [
    openingOf(note),
    taken === null
      ? 'Your working directory could not be brought along: it is empty now. What you had written there is lost.'
      : `Your working directory was restored from a snapshot of ${taken}.`,
    ...(taken === null ? [] : [lost ? CHANGES_MISSING : 'It is as you left it.']),
    'Your home directory and temporary files are empty, and processes that you had left running have ended.',
    ...(old === null || old === work ? [] : [`The working directory was at ${old} and is at ${work} now.`]),
  ].join(' ');
}

const CHANGES_MISSING = 'Changes after that may be missing: look before you rely on them.';
