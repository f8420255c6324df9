import { draftMode } from 'next/headers';

export async function GET() {
  const draft = await draftMode();
  const before = draft.isEnabled;
  const returned = draft.enable();
  return Response.json({ before, returned: typeof returned, after: draft.isEnabled });
}
