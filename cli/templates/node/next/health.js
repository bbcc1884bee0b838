// Open to everybody: no handler of it asks who calls.
export const dynamic = "force-dynamic";

export function GET() {
  return Response.json({ status: "ok" });
}
