// Publishing: the calls with which a backend tells people something.
import { z } from "zod";
import { calls } from "./calls.ts";
import { roomName, userId } from "./ids.ts";
import { json } from "./json.ts";
import { dataUpdate, messageBody, notification, systemMessage } from "./messaging.ts";

/** `POST /api/v1/notifications`: to one user, or to everyone. */
export const notificationBody = z
  .object({ userId: userId.optional(), everyone: z.literal(true).optional(), ...notification.shape })
  .refine((body) => (body.userId === undefined) !== (body.everyone === undefined), {
    message: "exactly one of userId and everyone is required",
    path: ["userId"],
  });

/** `POST /api/v1/data-updates`: to everyone, one user or one room. */
export const dataUpdateBody = z.object({
  ...dataUpdate.shape,
  to: z
    .union(
      [z.strictObject({ user: userId }), z.strictObject({ room: roomName })],
      "must be exactly one of {user} and {room}",
    )
    .optional(),
});

const frame = { type: z.string().min(1).max(64), content: json };

/** `POST /api/ws/broadcast` */
export const broadcastBody = z.object(frame);

/** `POST /api/ws/send` */
export const sendBody = z.object({ ...frame, to: userId });

/** The answer where nothing is kept, so that there is nothing to say about it. */
export const accepted = z.object({ accepted: z.literal(true) });

const acceptedAnswer = { status: 202, description: "Accepted; nothing is kept", schema: accepted } as const;
const acceptedExample = { accepted: true } as const;

/** The calls that publish. */
export const publishingCalls = calls({
  notify: {
    method: "post",
    path: "/api/v1/notifications",
    tag: "Publishing",
    summary: "Notifies one user, or everyone. Who is away gets it later",
    access: "backend",
    body: notificationBody,
    answer: {
      status: 201,
      description: "Committed. online: the user (with everyone: anybody at all) is connected to /channels now",
      schema: z.object({ id: z.string(), channel: z.string(), offset: z.int(), online: z.boolean() }),
    },
    example: {
      body: { userId: "123", title: "Access", message: "A parent asks for access", action: "approve_request" },
      answer: { id: "01JFZK4T", channel: "notifications/123", offset: 42, online: true },
    },
  },
  sendSystem: {
    method: "post",
    path: "/api/v1/system",
    tag: "Publishing",
    summary: "Tells everyone who is connected to /channels now",
    access: "backend",
    body: systemMessage,
    answer: acceptedAnswer,
    example: { body: { message: "Maintenance at 22:00", level: "info" }, answer: acceptedExample },
  },
  sendDataUpdate: {
    method: "post",
    path: "/api/v1/data-updates",
    tag: "Publishing",
    summary: "Tells everyone, one user or one room that something which a page shows has changed",
    access: "backend",
    body: dataUpdateBody,
    answer: acceptedAnswer,
    example: {
      body: {
        entity: "course",
        action: "update",
        id: "go-basics",
        data: { title: "Go basics" },
        to: { room: "class-7" },
      },
      answer: acceptedExample,
    },
  },
  sendToRoom: {
    method: "post",
    path: "/api/v1/rooms/:room/messages",
    tag: "Publishing",
    summary: "Says something in a room, as the caller",
    access: "backend",
    params: z.object({ room: roomName }),
    body: messageBody,
    answer: {
      status: 201,
      description: "Committed: which message it is",
      schema: z.object({ id: z.string(), offset: z.int() }),
    },
    example: {
      params: { room: "class-7" },
      body: { text: "The exam is in room B12" },
      answer: { id: "01JFZK4T", offset: 8 },
    },
  },
  pushToEveryone: {
    method: "post",
    path: "/api/ws/broadcast",
    tag: "Connections",
    summary: "Sends a frame of any type to everyone in /channels",
    access: "network",
    body: broadcastBody,
    answer: acceptedAnswer,
    example: { body: { type: "exam_moved", content: { room: "B12" } }, answer: acceptedExample },
  },
  push: {
    method: "post",
    path: "/api/ws/send",
    tag: "Connections",
    summary: "Sends a frame of any type to one user in /channels",
    access: "network",
    body: sendBody,
    answer: {
      status: 202,
      description: "Accepted; nothing is kept. delivered: the user is connected now",
      schema: z.object({ delivered: z.boolean() }),
    },
    example: { body: { type: "exam_moved", to: "123", content: { room: "B12" } }, answer: { delivered: true } },
  },
});
