; A whole program as the Orion compiler emits it today: one async block whose tasks are joined, and a task that joins
; tasks of its own. It exports what the compiler's programs export and calls the six v1 functions only.
;
;   async {
;       a := spawn add(spawn leaf(20), spawn leaf(22))      -- a task that joins two tasks
;       b := spawn leaf(100)                                -- a task nobody joins: the end of the block waits for it
;       print(@join(a))
;   }

@format.sum = private constant [10 x i8] c"sum %lld\0A\00"
@format.late = private constant [11 x i8] c"late %lld\0A\00"
@late = internal global i64 0

declare void @orion_scheduler_init()
declare void @orion_scheduler_spawn(ptr)
declare void @orion_scheduler_run_until(ptr)
declare void @orion_scheduler_run()
declare void @orion_scheduler_yield()
declare void @orion_scheduler_shutdown()
declare ptr @malloc(i64)
declare void @free(ptr)
declare i32 @printf(ptr, ...)

declare token @llvm.coro.id(i32, ptr, ptr, ptr)
declare i64 @llvm.coro.size.i64()
declare ptr @llvm.coro.begin(token, ptr)
declare i8 @llvm.coro.suspend(token, i1)
declare ptr @llvm.coro.free(token, ptr)
declare i1 @llvm.coro.end(ptr, i1, token)
declare void @llvm.coro.destroy(ptr)
declare void @llvm.coro.resume(ptr)
declare i1 @llvm.coro.done(ptr)

define zeroext i1 @orion_coro_done(ptr %frame) {
  %done = call i1 @llvm.coro.done(ptr %frame)
  ret i1 %done
}

define void @orion_coro_resume(ptr %frame) {
  call void @llvm.coro.resume(ptr %frame)
  ret void
}

; Yields once, then gives its argument.
define internal ptr @leaf(i64 %n) presplitcoroutine {
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
  %yielded = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %yielded, label %suspended [
    i8 0, label %finish
    i8 1, label %cleanup
  ]

finish:
  store i64 %n, ptr @late
  store i64 %n, ptr %promise
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

; Joins two tasks and gives the sum of their results.
define internal ptr @add(ptr %x, ptr %y) presplitcoroutine {
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
  %a = call i64 @join(ptr %x)
  %b = call i64 @join(ptr %y)
  call void @orion_scheduler_yield()
  %sum = add i64 %a, %b
  store i64 %sum, ptr %promise
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

; @join: wait, read the result at +16, destroy.
define internal i64 @join(ptr %task) {
  call void @orion_scheduler_run_until(ptr %task)
  %at = getelementptr inbounds i8, ptr %task, i64 16
  %result = load i64, ptr %at
  call void @llvm.coro.destroy(ptr %task)
  ret i64 %result
}

define i32 @main() {
  call void @orion_scheduler_init()
  %twenty = call ptr @leaf(i64 20)
  call void @orion_scheduler_spawn(ptr %twenty)
  %twentytwo = call ptr @leaf(i64 22)
  call void @orion_scheduler_spawn(ptr %twentytwo)
  %both = call ptr @add(ptr %twenty, ptr %twentytwo)
  call void @orion_scheduler_spawn(ptr %both)
  %sum = call i64 @join(ptr %both)
  %printed = call i32 (ptr, ...) @printf(ptr @format.sum, i64 %sum)
  %unjoined = call ptr @leaf(i64 100)
  call void @orion_scheduler_spawn(ptr %unjoined)
  call void @orion_scheduler_run()
  %late = load i64, ptr @late
  %printed.late = call i32 (ptr, ...) @printf(ptr @format.late, i64 %late)
  call void @llvm.coro.destroy(ptr %unjoined)
  call void @orion_scheduler_shutdown()
  ret i32 0
}
