import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { newPackState, packDirectory } from '../../../../directories/archives/pack-directory.ts';
import { stageArchive } from '../../../../directories/archives/stage-archive.ts';
import { descend } from '../../../../directories/confined/descend.ts';
import { openWork, type SessionPlace } from '../../../../directories/directory-site.ts';
import type { Api } from '../../../api.ts';
import { attachment } from './send-file.ts';
import { sendStaged } from './send-staged.ts';

/** Sends a directory as an archive. An agent that works meanwhile may be seen half done. */
export async function sendDirectory(
  api: Api,
  request: FastifyRequest<{ Querystring: { download?: 'tar' | 'tar.gz' | undefined } }>,
  reply: FastifyReply,
  place: SessionPlace,
  names: string[],
): Promise<FastifyReply> {
  const format = request.query.download ?? 'tar.gz';
  const name = `${names.at(-1) ?? place.sessionId}.${format}`;
  reply.header('content-disposition', attachment(name));
  if (request.method === 'HEAD') return reply.send(Readable.from([]));
  const archive = await stageArchive(place, format, entriesOf(api, place, names), api.settings.MAX_ARCHIVE_BYTES);
  return sendStaged(reply, format, archive);
}

async function* entriesOf(api: Api, place: SessionPlace, names: string[]): AsyncGenerator<Buffer> {
  await using work = await openWork(place);
  if (!work) return;
  await using directory = await descend(work, names);
  yield* packDirectory(directory, place, '', newPackState(api.settings));
}
