; The coroutines that the C and Rust tests drive, each as a ramp that gives a suspended frame. Their promise is one i64.
;
;   void *frame_count(int64_t *counter, int64_t yields);   yields so often, then adds 1 to the counter (atomically)
;   void *frame_square(int64_t n, int64_t yields);         yields so often; promise: n * n
;   void *frame_nest(int64_t depth);                       spawns and joins frame_nest(depth - 1); promise: depth
;   void *frame_spread(int64_t n, int64_t *counter);       spawns n frame_count and waits for them; promise: the counter
;   void *frame_join(void **other);                        joins the frame stored at `other`; promise: 1
;   void *frame_first(orion_chan *c);                      receives one u64; promise: the value, or minus the status

declare void @orion_scheduler_spawn(ptr)
declare void @orion_scheduler_run_until(ptr)
declare void @orion_scheduler_run()
declare i32 @orion_chan_recv(ptr, ptr)
declare i32 @orion_op_status()
declare ptr @malloc(i64)
declare void @free(ptr)

declare token @llvm.coro.id(i32, ptr, ptr, ptr)
declare i64 @llvm.coro.size.i64()
declare ptr @llvm.coro.begin(token, ptr)
declare token @llvm.coro.save(ptr)
declare i8 @llvm.coro.suspend(token, i1)
declare ptr @llvm.coro.free(token, ptr)
declare i1 @llvm.coro.end(ptr, i1, token)
declare void @llvm.coro.destroy(ptr)

define ptr @frame_count(ptr %counter, i64 %yields) presplitcoroutine {
entry:
  %promise = alloca i64, align 8
  %id = call token @llvm.coro.id(i32 8, ptr %promise, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %memory = call ptr @malloc(i64 %size)
  %frame = call ptr @llvm.coro.begin(token %id, ptr %memory)
  %start = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %start, label %suspended [
    i8 0, label %loop
    i8 1, label %cleanup
  ]

loop:
  %left = phi i64 [ %yields, %entry ], [ %rest, %yield ]
  %over = icmp eq i64 %left, 0
  br i1 %over, label %finish, label %yield

yield:
  %rest = sub i64 %left, 1
  %again = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %again, label %suspended [
    i8 0, label %loop
    i8 1, label %cleanup
  ]

finish:
  %before = atomicrmw add ptr %counter, i64 1 monotonic
  store i64 %before, ptr %promise
  %last = call i8 @llvm.coro.suspend(token none, i1 true)
  switch i8 %last, label %suspended [
    i8 0, label %never
    i8 1, label %cleanup
  ]

never:
  unreachable

cleanup:
  %block = call ptr @llvm.coro.free(token %id, ptr %frame)
  call void @free(ptr %block)
  br label %suspended

suspended:
  %unused = call i1 @llvm.coro.end(ptr %frame, i1 false, token none)
  ret ptr %frame
}

define ptr @frame_square(i64 %n, i64 %yields) presplitcoroutine {
entry:
  %promise = alloca i64, align 8
  %id = call token @llvm.coro.id(i32 8, ptr %promise, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %memory = call ptr @malloc(i64 %size)
  %frame = call ptr @llvm.coro.begin(token %id, ptr %memory)
  %start = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %start, label %suspended [
    i8 0, label %loop
    i8 1, label %cleanup
  ]

loop:
  %left = phi i64 [ %yields, %entry ], [ %rest, %yield ]
  %over = icmp eq i64 %left, 0
  br i1 %over, label %finish, label %yield

yield:
  %rest = sub i64 %left, 1
  %again = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %again, label %suspended [
    i8 0, label %loop
    i8 1, label %cleanup
  ]

finish:
  %square = mul i64 %n, %n
  store i64 %square, ptr %promise
  %last = call i8 @llvm.coro.suspend(token none, i1 true)
  switch i8 %last, label %suspended [
    i8 0, label %never
    i8 1, label %cleanup
  ]

never:
  unreachable

cleanup:
  %block = call ptr @llvm.coro.free(token %id, ptr %frame)
  call void @free(ptr %block)
  br label %suspended

suspended:
  %unused = call i1 @llvm.coro.end(ptr %frame, i1 false, token none)
  ret ptr %frame
}

define ptr @frame_nest(i64 %depth) presplitcoroutine {
entry:
  %promise = alloca i64, align 8
  %id = call token @llvm.coro.id(i32 8, ptr %promise, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %memory = call ptr @malloc(i64 %size)
  %frame = call ptr @llvm.coro.begin(token %id, ptr %memory)
  %start = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %start, label %suspended [
    i8 0, label %body
    i8 1, label %cleanup
  ]

body:
  %leaf = icmp eq i64 %depth, 0
  br i1 %leaf, label %finish, label %deeper

deeper:
  %less = sub i64 %depth, 1
  %child = call ptr @frame_nest(i64 %less)
  call void @orion_scheduler_spawn(ptr %child)
  call void @orion_scheduler_run_until(ptr %child)
  %result.at = getelementptr inbounds i8, ptr %child, i64 16
  %result = load i64, ptr %result.at
  call void @llvm.coro.destroy(ptr %child)
  %more = add i64 %result, 1
  br label %finish

finish:
  %value = phi i64 [ 0, %body ], [ %more, %deeper ]
  store i64 %value, ptr %promise
  %last = call i8 @llvm.coro.suspend(token none, i1 true)
  switch i8 %last, label %suspended [
    i8 0, label %never
    i8 1, label %cleanup
  ]

never:
  unreachable

cleanup:
  %block = call ptr @llvm.coro.free(token %id, ptr %frame)
  call void @free(ptr %block)
  br label %suspended

suspended:
  %unused = call i1 @llvm.coro.end(ptr %frame, i1 false, token none)
  ret ptr %frame
}

define ptr @frame_spread(i64 %n, ptr %counter) presplitcoroutine {
entry:
  %promise = alloca i64, align 8
  %id = call token @llvm.coro.id(i32 8, ptr %promise, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %memory = call ptr @malloc(i64 %size)
  %frame = call ptr @llvm.coro.begin(token %id, ptr %memory)
  %start = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %start, label %suspended [
    i8 0, label %spawn
    i8 1, label %cleanup
  ]

spawn:
  %i = phi i64 [ 0, %entry ], [ %next, %one ]
  %enough = icmp uge i64 %i, %n
  br i1 %enough, label %finish, label %one

one:
  %next = add i64 %i, 1
  %yields = and i64 %i, 3
  %child = call ptr @frame_count(ptr %counter, i64 %yields)
  call void @orion_scheduler_spawn(ptr %child)
  br label %spawn

finish:
  call void @orion_scheduler_run()
  %total = load atomic i64, ptr %counter monotonic, align 8
  store i64 %total, ptr %promise
  %last = call i8 @llvm.coro.suspend(token none, i1 true)
  switch i8 %last, label %suspended [
    i8 0, label %never
    i8 1, label %cleanup
  ]

never:
  unreachable

cleanup:
  %block = call ptr @llvm.coro.free(token %id, ptr %frame)
  call void @free(ptr %block)
  br label %suspended

suspended:
  %unused = call i1 @llvm.coro.end(ptr %frame, i1 false, token none)
  ret ptr %frame
}

define ptr @frame_join(ptr %other) presplitcoroutine {
entry:
  %promise = alloca i64, align 8
  %id = call token @llvm.coro.id(i32 8, ptr %promise, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %memory = call ptr @malloc(i64 %size)
  %frame = call ptr @llvm.coro.begin(token %id, ptr %memory)
  %start = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %start, label %suspended [
    i8 0, label %body
    i8 1, label %cleanup
  ]

body:
  %awaited = load ptr, ptr %other
  call void @orion_scheduler_run_until(ptr %awaited)
  store i64 1, ptr %promise
  %last = call i8 @llvm.coro.suspend(token none, i1 true)
  switch i8 %last, label %suspended [
    i8 0, label %never
    i8 1, label %cleanup
  ]

never:
  unreachable

cleanup:
  %block = call ptr @llvm.coro.free(token %id, ptr %frame)
  call void @free(ptr %block)
  br label %suspended

suspended:
  %unused = call i1 @llvm.coro.end(ptr %frame, i1 false, token none)
  ret ptr %frame
}

define ptr @frame_first(ptr %chan) presplitcoroutine {
entry:
  %promise = alloca i64, align 8
  %value = alloca i64, align 8
  %id = call token @llvm.coro.id(i32 8, ptr %promise, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %memory = call ptr @malloc(i64 %size)
  %frame = call ptr @llvm.coro.begin(token %id, ptr %memory)
  %start = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %start, label %suspended [
    i8 0, label %receive
    i8 1, label %cleanup
  ]

receive:
  %now = call i32 @orion_chan_recv(ptr %chan, ptr %value)
  %waits = icmp eq i32 %now, 1
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
  %received = icmp eq i32 %status, 0
  br i1 %received, label %take, label %fail

take:
  %got = load i64, ptr %value
  br label %finish

fail:
  %wide = sext i32 %status to i64
  %negative = sub i64 0, %wide
  br label %finish

finish:
  %result = phi i64 [ %got, %take ], [ %negative, %fail ]
  store i64 %result, ptr %promise
  %last = call i8 @llvm.coro.suspend(token none, i1 true)
  switch i8 %last, label %suspended [
    i8 0, label %never
    i8 1, label %cleanup
  ]

never:
  unreachable

cleanup:
  %block = call ptr @llvm.coro.free(token %id, ptr %frame)
  call void @free(ptr %block)
  br label %suspended

suspended:
  %unused = call i1 @llvm.coro.end(ptr %frame, i1 false, token none)
  ret ptr %frame
}
