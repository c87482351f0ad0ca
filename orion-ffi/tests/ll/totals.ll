; A coroutine that folds what arrives on a channel: the source of the running totals of the digest example.
;
;   void *orion_totals_frame(orion_chan *sizes);
;
; The ramp gives a suspended frame that owns the caller's reference to `sizes`, a channel of u64. Every value received
; counts one file of that many bytes; the frame is done once the channel is closed and drained. Its promise is
; `{ i64 files, i64 bytes }`, at offset 16 of the frame. Whether it ends or is destroyed half-way, it gives its
; reference to the channel back.

declare i32 @orion_chan_recv(ptr, ptr)
declare i32 @orion_op_status()
declare i32 @orion_chan_release(ptr)
declare ptr @malloc(i64)
declare void @free(ptr)

declare token @llvm.coro.id(i32, ptr, ptr, ptr)
declare i64 @llvm.coro.size.i64()
declare ptr @llvm.coro.begin(token, ptr)
declare token @llvm.coro.save(ptr)
declare i8 @llvm.coro.suspend(token, i1)
declare ptr @llvm.coro.free(token, ptr)
declare i1 @llvm.coro.end(ptr, i1, token)

define ptr @orion_totals_frame(ptr %sizes) presplitcoroutine {
entry:
  %promise = alloca { i64, i64 }, align 16
  %value = alloca i64, align 8
  %id = call token @llvm.coro.id(i32 16, ptr %promise, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %memory = call ptr @malloc(i64 %size)
  %frame = call ptr @llvm.coro.begin(token %id, ptr %memory)
  %bytes = getelementptr inbounds { i64, i64 }, ptr %promise, i32 0, i32 1
  store i64 0, ptr %promise
  store i64 0, ptr %bytes
  %start = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %start, label %suspended [
    i8 0, label %receive
    i8 1, label %cleanup
  ]

receive:
  %now = call i32 @orion_chan_recv(ptr %sizes, ptr %value)
  %waits = icmp eq i32 %now, 1                    ; ORION_PENDING: the wait begins once this frame has suspended
  br i1 %waits, label %park, label %judge

park:
  %save = call token @llvm.coro.save(ptr null)
  %woken = call i8 @llvm.coro.suspend(token %save, i1 false)
  switch i8 %woken, label %suspended [
    i8 0, label %ended
    i8 1, label %cleanup
  ]

ended:
  %later = call i32 @orion_op_status()
  br label %judge

judge:
  %status = phi i32 [ %now, %receive ], [ %later, %ended ]
  %received = icmp eq i32 %status, 0              ; ORION_OK; else closed and drained
  br i1 %received, label %fold, label %finish

fold:
  %files.old = load i64, ptr %promise
  %files.new = add i64 %files.old, 1
  store i64 %files.new, ptr %promise
  %one = load i64, ptr %value
  %bytes.old = load i64, ptr %bytes
  %bytes.new = add i64 %bytes.old, %one
  store i64 %bytes.new, ptr %bytes
  br label %receive

finish:
  %last = call i8 @llvm.coro.suspend(token none, i1 true)
  switch i8 %last, label %suspended [
    i8 0, label %never
    i8 1, label %cleanup
  ]

never:
  unreachable

cleanup:
  %released = call i32 @orion_chan_release(ptr %sizes)
  %block = call ptr @llvm.coro.free(token %id, ptr %frame)
  call void @free(ptr %block)
  br label %suspended

suspended:
  %unused = call i1 @llvm.coro.end(ptr %frame, i1 false, token none)
  ret ptr %frame
}
