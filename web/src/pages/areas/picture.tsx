// What is beneath the drawing: the camera live, a recorded moment, or the last picture of a camera that is offline.
import { useEffect, useState } from "preact/hooks";
import type { CameraInfo, Moment } from "../../wire";
import { RazzPlayer } from "../player";
import { pictureHref } from "../playback/recordings";
import { picture, shown } from "./state";

/** Widest picture that is asked of recordings. */
const WIDTH = 1280;

export function Picture({ camera }: { camera: CameraInfo }) {
  const moment = shown.value;
  if (moment) return <Recorded camera={camera.id} at={moment} />;
  if (camera.state === "offline" || camera.state === "unsupported") return <Last camera={camera} />;
  return (
    <RazzPlayer
      camera={camera.id}
      aria-label={`${camera.name}: picture`}
      no-indicator
      no-labels
      onrazz-state={(event) => {
        const size = event.detail.pictureSize;
        if (size) know(size[0], size[1]);
      }}
    />
  );
}

/** What is shown may be a smaller encoding of the camera's picture; only another shape says something new. */
function know(width: number, height: number): void {
  const { value: now } = picture;
  if (width > 0 && height > 0 && Math.abs(width / height - now.width / now.height) > 0.01) picture.value = { width, height };
}

function Recorded({ camera, at }: { camera: number; at: Moment }) {
  const [failed, setFailed] = useState(false);
  useEffect(() => { setFailed(false); }, [at]);
  return failed ? <p class="nothing">The recorded picture of that moment is not there any more.</p> : <img alt="" src={pictureHref(camera, at.unix, WIDTH)} onError={() => { setFailed(true); }} />;
}

/** Of a camera that is offline: what the server has of it. */
function Last({ camera }: { camera: CameraInfo }) {
  const [tried, setTried] = useState(0);
  const sources = [`api/cameras/${camera.id}/snapshot.jpg`, pictureHref(camera.id, Math.floor(Date.now() / 1000), WIDTH)];
  const source = sources[tried];
  if (source === undefined) return <p class="nothing">There is no picture: the camera is {camera.state}. Areas can be drawn all the same, in shares of the picture.</p>;
  return (
    <img
      key={tried}
      alt={`The last picture of ${camera.name}`}
      src={source}
      onError={() => { setTried(tried + 1); }}
      onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => { know(naturalWidth, naturalHeight); }}
    />
  );
}
